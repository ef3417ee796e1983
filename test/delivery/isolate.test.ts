import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import type { IsolationResult } from '../../src/delivery/isolate.ts';
import { isolate } from '../../src/delivery/isolate.ts';
import type { Verdict } from '../../src/delivery/verdict.ts';

interface Numbered extends Batch {
  readonly ids: readonly number[];
}

function numbered(ids: readonly number[]): Numbered {
  return { ids, count: ids.length, bytes: ids.length, attempts: 0, copy: (_target, offset) => offset };
}

const idsOf = (batch: Batch): readonly number[] => (batch as Numbered).ids;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const REFUSED: Verdict = { kind: 'refused', reason: '400' };
const DELIVERED: Verdict = { kind: 'delivered' };

interface Run {
  readonly result: IsolationResult;
  readonly requests: number;
  readonly delivered: readonly number[];
  readonly dead: readonly number[];
  readonly released: readonly number[];
}

interface Scene {
  readonly count: number;
  readonly judge: (ids: readonly number[], request: number) => Verdict;
  /** Records that wait in the queue meanwhile. */
  readonly others?: readonly number[];
  readonly mayGiveUp?: boolean;
}

/** Runs isolation of a batch `0 … count-1` that has just been refused as a whole. */
async function run({ count, judge, others = [], mayGiveUp = false }: Scene): Promise<Run> {
  const ended = { delivered: [] as number[], dead: [] as number[], released: [] as number[] };
  const waiting = [...others];
  let requests = 0;
  const result = await isolate(numbered(range(count)), '400', {
    send: async (batch) => {
      requests += 1;
      expect(batch.count).toBeGreaterThan(0);
      return judge(idsOf(batch), requests);
    },
    split: (batch, at) => [numbered(idsOf(batch).slice(0, at)), numbered(idsOf(batch).slice(at))],
    takeControl: () => {
      const id = waiting.pop();
      return id === undefined ? undefined : numbered([id]);
    },
    delivered: (batch) => ended.delivered.push(...idsOf(batch)),
    dead: (batch) => {
      expect(batch.count).toBe(1);
      ended.dead.push(...idsOf(batch));
    },
    release: (batch) => ended.released.push(...idsOf(batch)),
    mayGiveUpUnproven: () => mayGiveUp,
  });
  const sorted = (ids: readonly number[]): number[] => ids.toSorted((a, b) => a - b);
  // Conservation: every record the isolation had in its hands has ended exactly once.
  const taken = others.length - waiting.length;
  const all = sorted([...range(count), ...others.slice(others.length - taken)]);
  expect(sorted([...ended.delivered, ...ended.dead, ...ended.released])).toEqual(all);
  return {
    result,
    requests,
    delivered: sorted(ended.delivered),
    dead: sorted(ended.dead),
    released: sorted(ended.released),
  };
}

const poisonedBy =
  (poison: ReadonlySet<number>) =>
  (ids: readonly number[]): Verdict =>
    ids.some((id) => poison.has(id)) ? REFUSED : DELIVERED;

describe('isolate', () => {
  it('dead-letters exactly the poison and delivers all others once, whatever the set', async () => {
    const scene = fc
      .integer({ min: 1, max: 512 })
      .chain((count) =>
        fc.tuple(fc.constant(count), fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: count })),
      );
    await fc.assert(
      fc.asyncProperty(scene, async ([count, poison]) => {
        // One healthy record waits besides, so there is always something that proves the platform takes records.
        const outcome = await run({ count, judge: poisonedBy(new Set(poison)), others: [1_000] });
        expect(outcome.result).toEqual({ kind: 'settled' });
        expect(outcome.dead).toEqual(poison.toSorted((a, b) => a - b));
        expect(outcome.released).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('finds one poison record among n with at most 2·log₂ n + 2 requests, the first refusal included', async () => {
    for (const count of [2, 3, 5, 8, 100, 511, 512]) {
      for (let bad = 0; bad < count; bad++) {
        const { requests, dead } = await run({ count, judge: poisonedBy(new Set([bad])) });
        expect(dead).toEqual([bad]);
        expect(requests + 1).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)) + 2);
      }
    }
  });

  it('calls it systemic when everything is refused, and gives nothing up', async () => {
    for (const count of [2, 3, 64, 512]) {
      const { result, dead, released, requests } = await run({ count, judge: () => REFUSED, mayGiveUp: true });
      expect(result).toEqual({ kind: 'systemic' });
      expect(dead).toEqual([]);
      expect(released).toHaveLength(count);
      expect(requests).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 2);
    }
  });

  it('asks a waiting record for proof and lets it wait on when that is refused, too', async () => {
    const { result, released } = await run({ count: 1, judge: () => REFUSED, others: [7] });
    expect(result).toEqual({ kind: 'systemic' });
    expect(released).toEqual([0, 7]);
  });

  it('gives a lone record up unproven only where that is allowed', async () => {
    const judge = (): Verdict => REFUSED;
    expect(await run({ count: 1, judge, mayGiveUp: true })).toMatchObject({ result: { kind: 'settled' }, dead: [0] });
    expect(await run({ count: 1, judge })).toMatchObject({ result: { kind: 'systemic' }, released: [0], requests: 0 });
  });

  it.each<Verdict>([
    { kind: 'transient', reason: '503' },
    { kind: 'held', reason: '401' },
    { kind: 'throttled', reason: '429', retryAfter: '5' },
  ])('stops at $kind in the middle, with every record settled or waiting again', async (verdict) => {
    for (let stop = 1; stop <= 11; stop++) {
      const poison = poisonedBy(new Set([17, 40]));
      const outcome = await run({ count: 64, judge: (ids, request) => (request === stop ? verdict : poison(ids)) });
      expect(outcome.result).toEqual({ kind: 'interrupted', verdict });
      expect(outcome.released.length).toBeGreaterThan(0);
      for (const id of outcome.dead) expect([17, 40]).toContain(id);
    }
  });

  it.each<Verdict['kind']>(['tooLarge', 'unstored'])('goes on halving when a part is %s', async (kind) => {
    const reason = 'no';
    const poison = new Set([3]);
    const judge = (ids: readonly number[]): Verdict =>
      ids.some((id) => poison.has(id)) ? ({ kind, reason } as Verdict) : DELIVERED;
    expect(await run({ count: 16, judge })).toMatchObject({ result: { kind: 'settled' }, dead: [3], released: [] });
  });

  it('loses nothing whatever the platform answers', async () => {
    const verdict = fc.constantFrom<Verdict>(
      DELIVERED,
      DELIVERED,
      REFUSED,
      REFUSED,
      REFUSED,
      { kind: 'delivered', rejected: [{ index: 0, reason: 'x' }] },
      { kind: 'transient', reason: '503' },
      { kind: 'held', reason: '401' },
      { kind: 'throttled', reason: '429' },
      { kind: 'unstored', reason: 'received 0' },
      { kind: 'tooLarge', reason: '413' },
    );
    const scene = fc.tuple(
      fc.integer({ min: 1, max: 64 }),
      fc.array(verdict, { minLength: 1, maxLength: 40, size: 'max' }),
      fc.nat(3),
    );
    await fc.assert(
      fc.asyncProperty(scene, fc.boolean(), async ([count, answers, others], mayGiveUp) => {
        const judge = (_ids: readonly number[], n: number): Verdict => answers[n % answers.length] ?? DELIVERED;
        const { result } = await run({ count, judge, mayGiveUp, others: range(others).map((id) => id + 1_000) });
        // What stops isolation must be something the circuit breaker understands.
        if (result.kind === 'interrupted') expect(['transient', 'held', 'throttled']).toContain(result.verdict.kind);
      }),
      { numRuns: 500 },
    );
  });
});
