import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFF_DEFAULTS, backoffMillis } from '../../src/delivery/backoff.ts';
import { ConcurrencyLimit } from '../../src/delivery/concurrency.ts';
import { RetryBudget } from '../../src/delivery/retry-budget.ts';
import { FakeClock } from '../support/fake-clock.ts';

const LARGEST_RANDOM = 1 - Number.EPSILON;

describe('backoffMillis', () => {
  const waits = (random: number): number[] =>
    Array.from({ length: 9 }, (_, attempt) => backoffMillis(attempt, BACKOFF_DEFAULTS, new FakeClock(random)));

  it('doubles up to the cap, never below half of it', () => {
    expect(waits(0)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('reaches the whole interval with the largest chance', () => {
    expect(waits(LARGEST_RANDOM).map(Math.round)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('stays within (0, max] for any attempt, delay and chance', () => {
    const delay = fc.double({ min: 1, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(),
        delay,
        delay,
        fc.double({ min: 0, max: LARGEST_RANDOM, noNaN: true }),
        (n, a, b, chance) => {
          const options = { initialDelayMillis: a, maxDelayMillis: b };
          const millis = backoffMillis(n, options, new FakeClock(chance));
          expect(millis).toBeGreaterThanOrEqual(Math.min(a, b) / 2);
          expect(millis).toBeLessThanOrEqual(b);
        },
      ),
    );
  });
});

describe('RetryBudget', () => {
  it('allows a burst of ten, then one retry per ten successes', () => {
    const budget = new RetryBudget();
    for (let index = 0; index < 10; index++) {
      expect(budget.available).toBe(true);
      budget.retried();
    }
    expect(budget.available).toBe(false);
    for (let index = 0; index < 9; index++) budget.succeeded();
    expect(budget.available).toBe(false);
    budget.succeeded();
    budget.succeeded();
    expect(budget.available).toBe(true);
  });

  it('never allows more than 10 + successes / 10 retries', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 1_000 }), (events) => {
        const budget = new RetryBudget();
        let retries = 0;
        let successes = 0;
        for (const wantsRetry of events) {
          if (!wantsRetry) {
            successes += 1;
            budget.succeeded();
          } else if (budget.available) {
            retries += 1;
            budget.retried();
          }
        }
        expect(retries).toBeLessThanOrEqual(10 + successes * 0.1 + 1e-6);
      }),
    );
  });
});

describe('ConcurrencyLimit', () => {
  it('begins at its maximum and halves when throttled, never below one', () => {
    const concurrency = new ConcurrencyLimit(4);
    const limits = [concurrency.limit];
    for (let index = 0; index < 4; index++) {
      concurrency.throttled();
      limits.push(concurrency.limit);
    }
    expect(limits).toEqual([4, 2, 1, 1, 1]);
  });

  it('grows by one per five successes after an outage, up to its maximum', () => {
    const concurrency = new ConcurrencyLimit(3);
    concurrency.restart();
    const limits = Array.from({ length: 15 }, () => {
      concurrency.succeeded();
      return concurrency.limit;
    });
    expect(limits).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
  });

  it('stays a whole number within [1, max] whatever happens', () => {
    const event = fc.constantFrom<'succeeded' | 'throttled' | 'restart'>('succeeded', 'throttled', 'restart');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(event, { maxLength: 200 }), (max, events) => {
        const concurrency = new ConcurrencyLimit(max);
        for (const name of events) {
          concurrency[name]();
          expect(Number.isInteger(concurrency.limit)).toBe(true);
          expect(concurrency.limit).toBeGreaterThanOrEqual(1);
          expect(concurrency.limit).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
