import { describe, expect, it } from 'vitest';
import type { DestinationStats } from '../src/delivery/stats.ts';
import { statsSince } from '../src/stats-since.ts';

const NONE = {
  ...{ overflow: 0, expired: 0, corrupt: 0, spool_lost: 0, taken_over: 0, shutdown: 0, after_shutdown: 0 },
} satisfies DestinationStats['dropped'];

function stats(platform: string, delivered: number, more: Partial<DestinationStats> = {}): DestinationStats {
  return {
    ...{ platform, delivered, accepted: delivered, recovered: 0, pending: 0, pendingBytes: 0, deadLettered: 0 },
    dropped: NONE,
    requests: delivered,
    retries: 0,
    circuit: { state: 'closed', trips: 0 },
    ...more,
  };
}

describe('statsSince', () => {
  it('gives what was counted between two calls, by destination and reason', () => {
    const before = [stats('logtide', 5, { dropped: { ...NONE, overflow: 2 }, circuit: { state: 'closed', trips: 1 } })];
    const now = [
      stats('logtide', 9, {
        ...{ pending: 3, pendingBytes: 300, accepted: 14 },
        dropped: { ...NONE, overflow: 6, expired: 1 },
        circuit: { state: 'open', reason: '503', trips: 4 },
      }),
    ];
    expect(statsSince(before, now)).toEqual([
      stats('logtide', 4, {
        ...{ pending: 3, pendingBytes: 300, accepted: 9 },
        dropped: { ...NONE, overflow: 4, expired: 1 },
        circuit: { state: 'open', reason: '503', trips: 3 },
      }),
    ]);
  });

  it('takes a destination that was not there before as it is, and pairs accounts of one platform by order', () => {
    const before = [stats('logtide', 1), stats('logtide', 10)];
    const now = [stats('trakerr', 7), stats('logtide', 2), stats('logtide', 30)];
    expect(statsSince(before, now)).toEqual([stats('trakerr', 7), stats('logtide', 1), stats('logtide', 20)]);
  });

  it('counts what was left out on purpose, also where nothing had been before', () => {
    const leftOut = { sampled: 5, repeated: 0, burst: 0, hook: 2 };
    const later = stats('loggier', 0, { leftOut: { sampled: 9, repeated: 1, burst: 0, hook: 2 } });
    const [first] = statsSince([stats('loggier', 0, { leftOut })], [later]);
    expect(first?.leftOut).toEqual({ sampled: 4, repeated: 1, burst: 0, hook: 0 });
    const [second] = statsSince([stats('loggier', 0)], [later]);
    expect(second?.leftOut).toEqual({ sampled: 9, repeated: 1, burst: 0, hook: 2 });
  });
});
