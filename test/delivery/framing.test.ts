import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import { ARRAY, arrayMember, frame, framedBytes, SINGLE } from '../../src/codec/framing.ts';
import { BodyPool } from '../../src/delivery/body-pool.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { MemoryQueue } from '../../src/delivery/memory-queue.ts';

function batchOf(values: readonly unknown[]): Batch {
  const queue = new MemoryQueue(new ByteBudget(64 * 1_048_576), () => {});
  for (const value of values) queue.append(JSON.stringify(value));
  return queue.take({ maxRecords: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }) as Batch;
}

describe('frame', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }));

  it('makes a body that parses to the records, exactly as long as announced', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
        const batch = batchOf(values);
        const expected = JSON.parse(JSON.stringify(values)) as unknown;
        for (const framing of [ARRAY, arrayMember('logs')]) {
          const body = frame(batch, framing);
          expect(body.length).toBe(framedBytes(batch, framing));
          const parsed = JSON.parse(body.toString('utf8')) as unknown;
          expect(framing === ARRAY ? parsed : (parsed as { logs: unknown }).logs).toEqual(expected);
        }
      }),
    );
  });

  it('frames one record as it is', () => {
    expect(frame(batchOf([{ a: '€' }]), SINGLE).toString()).toBe('{"a":"€"}');
  });

  it('uses the buffer it is given, leaves nothing of its former contents in the body', () => {
    const target = Buffer.alloc(100, 'x');
    const body = frame(batchOf([1, 2]), ARRAY, target);
    expect(body.buffer).toBe(target.buffer);
    expect(body.toString()).toBe('[1,2]');
  });

  it('does not write beyond a buffer that is too small', () => {
    const target = Buffer.alloc(4);
    const body = frame(batchOf([1, 2]), ARRAY, target);
    expect(body.toString()).toBe('[1,2]');
    expect([...target]).toEqual([0, 0, 0, 0]);
  });
});

describe('BodyPool', () => {
  it('hands a buffer out again once it was given back, and to one user at a time', () => {
    const pool = new BodyPool();
    const first = pool.take(10_000);
    const second = pool.take(10_000);
    expect(second).not.toBe(first);
    pool.give(first);
    expect(pool.take(20_000)).toBe(first);
    expect(pool.take(20_000)).not.toBe(first);
  });

  it('always gives at least what was asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300_000), fc.boolean()), { maxLength: 40 }), (uses) => {
        const pool = new BodyPool();
        const out = new Set<Buffer>();
        for (const [bytes, giveBack] of uses) {
          const buffer = pool.take(bytes);
          expect(buffer.length).toBeGreaterThanOrEqual(bytes);
          expect(out.has(buffer)).toBe(false);
          out.add(buffer);
          if (!giveBack) continue;
          out.delete(buffer);
          pool.give(buffer);
        }
      }),
    );
  });
});
