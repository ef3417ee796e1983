import { type Finding, finding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';
import { compareVersions, partsOf } from './version-range.ts';

const OLDEST = [20, 19, 0] as const;
/** When a release line ends, by the schedule of the Node.js release working group. */
const ENDS: ReadonlyMap<number, string> = new Map([
  [20, '2026-04-30'],
  [21, '2024-06-01'],
  [22, '2027-04-30'],
  [23, '2025-06-01'],
  [24, '2028-04-30'],
  [25, '2026-06-01'],
  [26, '2029-04-30'],
]);

/** The first releases whose synchronous module hooks load both CommonJS and ESM well. */
const SYNC_HOOKS: ReadonlyMap<number, readonly [number, number, number]> = new Map([
  [22, [22, 22, 3]],
  [24, [24, 11, 1]],
  [25, [25, 1, 0]],
]);

/** `DR010`: whether this Node is supported, by us and by its makers. */
export function checkNode({ nodeVersion, clock }: Surroundings): Finding {
  const parts = partsOf(nodeVersion) ?? [0, 0, 0];
  const details = { version: nodeVersion, end: ENDS.get(parts[0]) };
  if (compareVersions(parts, OLDEST) < 0) {
    return finding('DR010', 'error', `Node ${nodeVersion} is older than 20.19, the oldest that logferry runs on`, {
      fix: 'use a supported release of Node.js',
      details,
    });
  }
  const end = ENDS.get(parts[0]);
  if (end !== undefined && Date.parse(end) < clock.wallNow()) {
    return finding('DR010', 'warning', `Node ${nodeVersion} works, but gets no security fixes since ${end}`, {
      fix: 'move to a release that is maintained',
      details,
    });
  }
  return finding('DR010', 'ok', `Node ${nodeVersion}`, { details });
}

function hasSyncHooks(nodeVersion: string): boolean {
  const parts = partsOf(nodeVersion) ?? [0, 0, 0];
  const first = SYNC_HOOKS.get(parts[0]);
  return parts[0] >= 26 || (first !== undefined && compareVersions(parts, first) >= 0);
}

/** `DR011`: how instrumentations see modules being loaded. */
export function checkHooks({ nodeVersion }: Surroundings): Finding {
  if (hasSyncHooks(nodeVersion)) {
    return finding('DR011', 'ok', 'synchronous module hooks: CommonJS and ESM are instrumented in the same thread', {
      details: { hooks: 'synchronous' },
    });
  }
  return finding('DR011', 'ok', 'the older module hooks are used for ESM; Node starts a thread for them', {
    fix: 'newer ones begin with Node 22.22.3, 24.11.1 and 25.1',
    details: { hooks: 'asynchronous' },
  });
}
