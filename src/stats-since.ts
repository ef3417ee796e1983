import type { DestinationStats } from './delivery/stats.ts';

type Counts = Readonly<Record<string, number>>;

function difference<Group extends Counts>(now: Group, before: Counts | undefined): Group {
  const entries = Object.entries(now).map(([key, count]) => [key, count - (before?.[key] ?? 0)]);
  return Object.fromEntries(entries) as Group;
}

function countsOf({ accepted, recovered, delivered, deadLettered, requests, retries }: DestinationStats) {
  return { accepted, recovered, delivered, deadLettered, requests, retries };
}

function since(now: DestinationStats, before: DestinationStats): DestinationStats {
  return {
    ...now,
    ...difference(countsOf(now), countsOf(before)),
    dropped: difference(now.dropped, before.dropped),
    ...(now.leftOut && { leftOut: difference(now.leftOut, before.leftOut) }),
    circuit: { ...now.circuit, trips: now.circuit.trips - before.circuit.trips },
  };
}

/**
 * What has been counted between two calls of `stats()`, by destination. What is a state rather than a count (`pending`,
 * bytes, the circuit) is as it was at the second. Counts are never set back: they add up at every moment, and several
 * readers do not disturb each other. Destinations of one platform are paired by their order.
 */
export function statsSince(
  before: readonly DestinationStats[],
  now: readonly DestinationStats[],
): readonly DestinationStats[] {
  const rest = [...before];
  return now.map((stats) => {
    const at = rest.findIndex(({ platform }) => platform === stats.platform);
    const [earlier] = at === -1 ? [] : rest.splice(at, 1);
    return earlier === undefined ? stats : since(stats, earlier);
  });
}
