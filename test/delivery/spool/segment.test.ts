import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ackPathOf, Segment, type Span } from '../../../src/delivery/spool/segment.ts';

/** A record of the model: where it stands and what has become of it. */
interface Entry {
  readonly from: number;
  readonly to: number;
  state: 'waiting' | 'taken' | 'ended';
  attempts: number;
}

function segmentOf(): Segment {
  const segment = new Segment({ path: '/spool/00000000-logs.seg', sequence: 0, openedAt: 5 });
  segment.extend(10, false);
  segment.clear();
  return segment;
}

/** What spans must look like for these entries: neighbours that wait and have come back equally often, joined. */
function spansOf(entries: readonly Entry[]): Span[] {
  const spans: { from: number; to: number; count: number; attempts: number }[] = [];
  for (const { from, to, state, attempts } of entries) {
    if (state !== 'waiting') continue;
    const last = spans.at(-1);
    if (last?.to === from && last.attempts === attempts) {
      last.to = to;
      last.count += 1;
    } else {
      spans.push({ from, to, count: 1, attempts });
    }
  }
  return spans;
}

function expectSame(segment: Segment, entries: readonly Entry[]): void {
  const waiting = entries.filter(({ state }) => state === 'waiting');
  const taken = entries.filter(({ state }) => state === 'taken');
  expect([segment.waiting, segment.taken]).toEqual([waiting.length, taken.length]);
  expect(segment.waitingBytes).toBe(waiting.reduce((sum, { from, to }) => sum + to - from, 0));
  expect(segment.idle).toBe(waiting.length + taken.length === 0);
  // Spans that could be joined may stand side by side for a while; together they say the same.
  const joined: Span[] = [];
  for (const span of segment.spans) {
    const last = joined.at(-1);
    if (last?.to === span.from && last.attempts === span.attempts) {
      joined[joined.length - 1] = { ...last, to: span.to, count: last.count + span.count };
    } else {
      joined.push({ ...span });
    }
  }
  expect(joined).toEqual(spansOf(entries));
}

describe('a segment', () => {
  it('knows where its acknowledgements are, compressed or not', () => {
    expect(ackPathOf('/a/00000007-logs.seg')).toBe('/a/00000007-logs.ack');
    expect(ackPathOf('/a/00000007-logs.seg.gz')).toBe('/a/00000007-logs.ack');
    expect(ackPathOf('/a.seg/00000007-logs.seg')).toBe('/a.seg/00000007-logs.ack');
  });

  it('says which records wait, in agreement with a list of them', () => {
    const step = fc.record({
      act: fc.constantFrom('append', 'append', 'appendTaken', 'front', 'back', 'release', 'end', 'clear'),
      size: fc.integer({ min: 11, max: 60 }),
      pick: fc.nat(99),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const segment = segmentOf();
        const entries: Entry[] = [];
        const inSpan = ({ from, to }: Span): Entry[] =>
          entries.filter((entry) => entry.state === 'waiting' && entry.from >= from && entry.to <= to);
        for (const { act, size, pick } of steps) {
          const span = segment.spans[pick % Math.max(1, segment.spans.length)];
          const taken = entries.filter(({ state }) => state === 'taken');
          const one = taken[pick % Math.max(1, taken.length)];
          if (act === 'append' || act === 'appendTaken') {
            const from = segment.size;
            segment.extend(from + size, act === 'appendTaken');
            entries.push({ from, to: from + size, state: act === 'append' ? 'waiting' : 'taken', attempts: 0 });
          } else if (act === 'front' && span !== undefined) {
            const some = inSpan(span).slice(0, 1 + (pick % span.count));
            for (const entry of some) entry.state = 'taken';
            expect(segment.takeFront(span, some.at(-1)?.to ?? 0, some.length)).toBe(0);
          } else if (act === 'back' && segment.spans.length > 0) {
            const last = segment.spans.at(-1) as Span;
            const entry = inSpan(last).at(-1) as Entry;
            entry.state = 'taken';
            expect(segment.takeBack(last, entry.from)).toBe(0);
          } else if (act === 'release' && one !== undefined) {
            one.state = 'waiting';
            one.attempts += 1;
            segment.taken -= 1;
            segment.insert({ from: one.from, to: one.to, count: 1, attempts: one.attempts });
          } else if (act === 'end' && one !== undefined) {
            one.state = 'ended';
            segment.taken -= 1;
          } else if (act === 'clear' && pick % 5 === 0) {
            const waiting = entries.filter(({ state }) => state === 'waiting');
            expect(segment.clear()).toBe(waiting.length);
            for (const entry of waiting) entry.state = 'ended';
          }
          expectSame(segment, entries);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('says at the end of a span how many of its records were none', () => {
    const segment = segmentOf();
    for (let index = 0; index < 5; index += 1) segment.extend(segment.size + 20, false);
    const span = segment.spans[0] as Span;
    expect(segment.takeFront(span, 50, 1)).toBe(0);
    expect(segment.takeBack(span, 90)).toBe(0);
    // Between 50 and 90 two records should be, a third is missing as well.
    expect([span.count, segment.takeFront(span, 90, 1)]).toEqual([3, 2]);
    expect([segment.waiting, segment.taken, segment.spans.length]).toEqual([0, 3, 0]);
  });
});
