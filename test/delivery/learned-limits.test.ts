import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerTimes } from '../../src/delivery/answer-times.ts';
import { ConcurrencyLimit } from '../../src/delivery/concurrency.ts';
import { LearnedLimit } from '../../src/delivery/learned-limit.ts';
import { RecordLimit } from '../../src/delivery/record-limit.ts';
import { rig } from '../support/delivery-rig.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const sorted = (names: readonly string[]): string[] => names.toSorted();

describe('LearnedLimit', () => {
  it('is what was configured until something is refused, then half of that', () => {
    const limit = new LearnedLimit(100_000, new FakeClock());
    expect([limit.bytes, limit.next]).toEqual([100_000, 100_000]);
    expect(limit.refused(80_000)).toBe(true);
    expect([limit.bytes, limit.next]).toEqual([40_000, 40_000]);
  });

  it('allows one request of twice the size after ten quiet minutes, and learns its size if it passes', async () => {
    const clock = new FakeClock();
    const limit = new LearnedLimit(100_000, clock);
    limit.refused(80_000);
    await clock.advance(10 * MINUTE - 1);
    expect(limit.next).toBe(40_000);
    await clock.advance(1);
    expect(limit.next).toBe(80_000);
    limit.sent(30_000);
    expect(limit.next).toBe(80_000);
    limit.sent(79_000);
    expect([limit.bytes, limit.next]).toEqual([40_000, 40_000]);
    limit.passed(79_000);
    expect(limit.bytes).toBe(79_000);
    await clock.advance(10 * MINUTE);
    expect(limit.next).toBe(100_000);
  });

  it('is not lowered by the refusal of a try', async () => {
    const clock = new FakeClock();
    const limit = new LearnedLimit(100_000, clock);
    limit.refused(80_000);
    await clock.advance(10 * MINUTE);
    limit.sent(60_000);
    expect(limit.refused(60_000)).toBe(true);
    expect([limit.bytes, limit.next]).toEqual([40_000, 40_000]);
    await clock.advance(10 * MINUTE - 1);
    expect(limit.next).toBe(40_000);
  });

  it('says so when smaller requests are not worth a try', () => {
    const limit = new LearnedLimit(100_000, new FakeClock());
    expect(limit.refused(1_024)).toBe(false);
    expect(limit.bytes).toBe(100_000);
    expect(limit.refused(1_025)).toBe(true);
    expect(limit.bytes).toBe(1_024);
  });

  it('comes close to any real limit from below and above, with at most one refusal per ten minutes once learned', async () => {
    const sizes = fc.record({
      max: fc.integer({ min: 2_048, max: 4_000_000 }),
      real: fc.integer({ min: 2_048, max: 4_000_000 }),
      later: fc.integer({ min: 2_048, max: 4_000_000 }),
      /** How much of what is allowed the records fill. */
      fill: fc.double({ min: 0.9, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ max, real, later, fill }) => {
        const clock = new FakeClock();
        const limit = new LearnedLimit(max, clock);
        let refused = 0;
        const request = (most: number): void => {
          const bytes = Math.ceil(limit.next * fill);
          limit.sent(bytes);
          if (bytes <= most) {
            limit.passed(bytes);
          } else {
            refused += 1;
            limit.refused(bytes);
          }
        };
        const hours = async (count: number, most: number): Promise<void> => {
          for (let minute = 0; minute < count * 60; minute++) {
            for (let index = 0; index < 5; index++) request(most);
            expect(limit.bytes).toBeLessThanOrEqual(max);
            await clock.advance(MINUTE);
          }
        };
        await hours(1, real);
        // At first the logarithm, then the tries.
        expect(refused).toBeLessThanOrEqual(Math.ceil(Math.log2(max / Math.min(max, real))) + 1 + 6);
        refused = 0;
        await hours(3, later);
        expect(refused).toBeLessThanOrEqual(Math.ceil(Math.log2(max / 1_024)) + 1 + 18);
        // Whatever it was before, about half of what is possible is used in the end, or more.
        expect(limit.bytes * fill).toBeLessThanOrEqual(later + 1);
        expect(limit.bytes * 2 + 2).toBeGreaterThan(Math.min(max, later) * fill);
      }),
      { numRuns: 60 },
    );
  });

  it('row 22: a limit that a proxy had is forgotten once the proxy is right again', async () => {
    const it = await rig({ encode: ({ body }) => JSON.stringify({ id: body, filler: 'x'.repeat(180) }) });
    let most = 20_000;
    let refused = 0;
    it.server.answer = ({ body }) => {
      if (body.length <= most) return 200;
      refused += 1;
      return 413;
    };
    const names = it.emit(512);
    await it.pass(10_000);
    expect(refused).toBeLessThanOrEqual(3);
    // While the proxy stays as it is, one refusal per ten minutes at most.
    refused = 0;
    for (let index = 0; index < 6; index++) {
      names.push(...it.emit(512));
      await it.pass(10 * MINUTE);
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(6);
    most = 1_000_000;
    refused = 0;
    for (let index = 0; index < 5; index++) {
      names.push(...it.emit(512));
      await it.pass(10 * MINUTE);
    }
    expect(refused).toBe(0);
    expect(it.server.seen.at(-1)?.ids).toHaveLength(512);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    expect(it.stats).toMatchObject({ pending: 0, deadLettered: 0 });
    await it.expectAlive();
  });
});

describe('RecordLimit', () => {
  it('halves what timed out, once for requests that time out together, down to one', () => {
    const limit = new RecordLimit(512);
    for (let index = 0; index < 4; index++) limit.timedOut(512);
    expect(limit.records).toBe(256);
    limit.timedOut(7);
    expect(limit.records).toBe(3);
    limit.timedOut(2);
    expect(limit.records).toBe(1);
  });

  it('doubles after five successes in a row without a timeout between, up to its maximum', () => {
    const limit = new RecordLimit(10);
    limit.timedOut(5);
    const seen = Array.from({ length: 15 }, () => {
      limit.succeeded();
      return limit.records;
    });
    expect(seen).toEqual([2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 8, 8, 8, 10]);
    limit.timedOut(10);
    for (let index = 0; index < 4; index++) limit.succeeded();
    limit.timedOut(5);
    limit.succeeded();
    expect(limit.records).toBe(2);
  });

  it('stays a whole number within [1, max] whatever happens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.option(fc.integer({ min: 2, max: 1_000 }))),
        (max, events) => {
          const limit = new RecordLimit(max);
          for (const records of events) {
            if (records === null) limit.succeeded();
            else limit.timedOut(Math.min(records, max));
            expect(Number.isInteger(limit.records)).toBe(true);
            expect(limit.records).toBeGreaterThanOrEqual(1);
            expect(limit.records).toBeLessThanOrEqual(max);
          }
        },
      ),
    );
  });
});

describe('AnswerTimes', () => {
  const slowdowns = (times: readonly number[]): number => {
    const answers = new AnswerTimes();
    return times.filter((millis) => answers.slowedDown(millis)).length;
  };

  it('notices when answers begin to take more than twice as long, and gets used to it', () => {
    const fast = Array(40).fill(200);
    expect(slowdowns(fast)).toBe(0);
    const count = slowdowns([...fast, ...Array(10).fill(5_000)]);
    expect(count).toBeGreaterThanOrEqual(2);
    expect(slowdowns([...fast, ...Array(500).fill(5_000)])).toBeLessThanOrEqual(count + 3);
  });

  it('overlooks a single slow answer, one that is fast all the same, and a platform that always was slow', () => {
    expect(slowdowns([...Array(40).fill(200), 9_000, ...Array(40).fill(200), 9_000])).toBe(0);
    expect(slowdowns([...Array(40).fill(1), ...Array(40).fill(900)])).toBe(0);
    expect(slowdowns(Array(100).fill(8_000))).toBe(0);
  });
});

describe('ConcurrencyLimit', () => {
  it('is halved when answers become slow, and grows again when they stay as they are', () => {
    const concurrency = new ConcurrencyLimit(8);
    for (let index = 0; index < 40; index++) concurrency.succeeded(200);
    expect(concurrency.limit).toBe(8);
    const limits = Array.from({ length: 300 }, () => {
      concurrency.succeeded(5_000);
      return concurrency.limit;
    });
    expect(Math.min(...limits)).toBeLessThanOrEqual(2);
    expect(limits.at(-1)).toBe(8);
  });

  it('hears nothing of answers whose time is not comparable', () => {
    const concurrency = new ConcurrencyLimit(8);
    for (let index = 0; index < 40; index++) concurrency.succeeded(200);
    for (let index = 0; index < 40; index++) concurrency.succeeded();
    expect(concurrency.limit).toBe(8);
  });
});
