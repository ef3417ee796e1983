import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  FRAME_OVERHEAD,
  frameOf,
  readFrames,
  textEnd,
  textStart,
  writeFrame,
} from '../../../src/delivery/spool/frame.ts';
import { hostileText } from '../../support/records.ts';

const LF = 0x0a;
/** Bytes that were checksummed: the work that is done on damage. */
const work = vi.hoisted(() => ({ bytes: 0 }));

vi.mock(import('node:zlib'), async (original) => {
  const real = await original();
  const crc32: typeof real.crc32 = (data, value) => {
    work.bytes += Buffer.byteLength(data as Buffer);
    return real.crc32(data, value);
  };
  return { ...real, crc32 };
});

interface Read {
  readonly texts: readonly string[];
  readonly corrupt: number;
  /** Where the unfinished line begins. */
  readonly end: number;
}

/** Reads all lines, and sees to it that each byte of them is heard of once. */
function read(bytes: Buffer, from = 0, to = bytes.length): Read {
  const texts: string[] = [];
  let corrupt = 0;
  let at = from;
  const heard = (start: number, end: number): void => {
    expect([start, end > start]).toEqual([at, true]);
    at = end;
  };
  const end = readFrames(bytes, from, to, {
    frame: (start, stop) => {
      heard(start, stop);
      texts.push(bytes.toString('utf8', textStart(start), textEnd(stop)));
    },
    corrupt: (start, stop) => {
      heard(start, stop);
      corrupt += 1;
    },
  });
  expect(at).toBe(end);
  return { texts, corrupt, end };
}

const framed = (texts: readonly string[]): Buffer => Buffer.concat(texts.map(frameOf));
const flipped = (bytes: Buffer, offset: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] as number) ^ (1 << bit);
  return copy;
};
/** What UTF-8 and a line of its own make of a text. */
const asRead = (text: string): string => text.toWellFormed().replaceAll('\n', ' ');

/** Texts that look like frames, or parts of one, whose checksums are right. */
const lookAlike = fc
  .tuple(hostileText, fc.constantFrom('{"a":1}', '{}', '{"message":"x"}', ' ', '{'), hostileText)
  .map(([before, inner, after]) => `${before}\n${frameOf(inner).toString('utf8')}${after}`);
const message = fc.oneof({ weight: 3, arbitrary: hostileText }, { weight: 2, arbitrary: lookAlike });
/** What codecs write: JSON objects. */
const json = fc
  .dictionary(fc.oneof(fc.constant('message'), message), message, { maxKeys: 3 })
  .map((o) => JSON.stringify(o));

describe('a frame', () => {
  it('is a line: checksum, blank, text', () => {
    expect(frameOf('{"a":1}').toString()).toMatch(/^[0-9a-f]{8} \{"a":1\}\n$/);
    expect(frameOf('abc').toString()).toBe('352441c2 abc\n');
  });

  it('brings back any text, line feeds as blanks', () => {
    fc.assert(
      fc.property(fc.oneof(json, message, fc.string({ minLength: 1 })), (text) => {
        fc.pre(text.length > 0);
        const bytes = frameOf(text);
        expect(bytes.indexOf(LF)).toBe(bytes.length - 1);
        expect(bytes.length).toBe(Buffer.byteLength(text) + FRAME_OVERHEAD);
        expect(read(bytes)).toEqual({ texts: [asRead(text)], corrupt: 0, end: bytes.length });
      }),
      { numRuns: 500 },
    );
  });

  it('brings back texts of one byte to one mebibyte', () => {
    for (let size = 1; size <= 1_048_576; size *= 4) {
      for (const length of [size, size + 1]) {
        const text = 'x'.repeat(length);
        expect(read(frameOf(text)).texts[0] === text).toBe(true);
      }
    }
  });

  it('is written where it belongs, whatever stood there before', () => {
    fc.assert(
      fc.property(message, fc.nat(40), fc.uint8Array({ minLength: 1, maxLength: 8 }), (text, offset, dirt) => {
        fc.pre(text.length > 0);
        const target = Buffer.alloc(offset + Buffer.byteLength(text) + FRAME_OVERHEAD + 40, dirt);
        const before = Buffer.from(target);
        const end = writeFrame(target, offset, text);
        expect(target.subarray(offset, end)).toEqual(frameOf(text));
        expect(target.subarray(0, offset)).toEqual(before.subarray(0, offset));
        expect(target.subarray(end)).toEqual(before.subarray(end));
      }),
    );
  });
});

describe('frames in a row', () => {
  it('come back in order, from any place between two of them', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 8 }), fc.nat(), (texts, pick) => {
        const bytes = framed(texts);
        const skipped = pick % texts.length;
        const from = framed(texts.slice(0, skipped)).length;
        expect(read(bytes, from)).toEqual({ texts: texts.slice(skipped).map(asRead), corrupt: 0, end: bytes.length });
      }),
    );
  });

  it('row 40: torn at any byte, all that are whole are intact and the torn one is none', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 4 }), (texts) => {
        const bytes = framed(texts);
        const ends = texts.map((_, index) => framed(texts.slice(0, index + 1)).length);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          const whole = ends.filter((end) => end <= cut).length;
          const { texts: found, corrupt, end } = read(bytes.subarray(0, cut));
          expect(found).toEqual(texts.slice(0, whole).map(asRead));
          expect([corrupt, end]).toEqual([0, ends[whole - 1] ?? 0]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('row 41: a bit flip at any offset costs the record that was hit, and only that, and none when it hit a line feed', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 3, maxLength: 4 }), (texts) => {
        const bytes = framed(texts);
        const expected = texts.map(asRead);
        const ends = texts.map((_, index) => framed(texts.slice(0, index + 1)).length);
        for (let offset = 0; offset < bytes.length; offset += 1) {
          const hit = ends.findIndex((end) => offset < end);
          const { texts: found, corrupt } = read(flipped(bytes, offset, offset % 8));
          const others = expected.filter((_, index) => index !== hit);
          const isLineFeed = ends.includes(offset + 1);
          if (isLineFeed && hit < texts.length - 1) expect([found, corrupt]).toEqual([expected, 0]);
          else expect(found).toEqual(others);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('row 41: every bit of small records', () => {
    const texts = ['{"id":1}', '{"id":"zwölf"}', '{}', '{"id":[1,2]}'];
    const bytes = framed(texts);
    const lost = new Set<number>();
    for (let at = 0; at < bytes.length * 8; at += 1) {
      const { texts: found, corrupt, end } = read(flipped(bytes, at >> 3, at & 7));
      expect(found.every((text) => texts.includes(text))).toBe(true);
      lost.add(texts.length - found.length);
      // What is lost is counted, or is the unfinished end.
      expect(texts.length - found.length <= corrupt + Number(end < bytes.length)).toBe(true);
    }
    expect(lost).toEqual(new Set([0, 1]));
  });

  it('finds all of them again when several line feeds in a row were hit', () => {
    const texts = Array.from({ length: 6 }, (_, id) => JSON.stringify({ id }));
    const bytes = framed(texts);
    const damaged = Buffer.from(bytes);
    for (let at = damaged.indexOf(LF); at < damaged.length - 1; at = damaged.indexOf(LF, at)) damaged[at] = 0x0b;
    expect(read(damaged)).toEqual({ texts, corrupt: 0, end: bytes.length });
  });

  it('finds the record behind one that lost its end in the middle of a line', () => {
    const torn = frameOf('{"id":"torn"}').subarray(0, 15);
    const bytes = Buffer.concat([frameOf('{"id":0}'), torn, frameOf('{"id":1}'), frameOf('{"id":2}')]);
    expect(read(bytes)).toEqual({ texts: ['{"id":0}', '{"id":1}', '{"id":2}'], corrupt: 1, end: bytes.length });
  });

  it('invents no record out of the content of a damaged one', () => {
    const inner = frameOf('{"id":"inner"}').toString('latin1').trim();
    const texts = [JSON.stringify({ message: inner }), JSON.stringify({ [inner]: ` ${inner}` }), '{"id":"last"}'];
    const bytes = framed(texts);
    for (let at = 0; at < bytes.length * 8; at += 1) {
      expect(read(flipped(bytes, at >> 3, at & 7)).texts.filter((text) => !texts.includes(text))).toEqual([]);
    }
  });
});

describe('row 42: garbage', () => {
  it('of any kind is passed over, and the next line is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        const bytes = Buffer.concat([Buffer.from(garbage), Buffer.from('\n'), frameOf('{"id":1}')]);
        expect(read(bytes).texts.at(-1)).toBe('{"id":1}');
      }),
    );
  });

  it('without a line feed is no line, however long', () => {
    const bytes = Buffer.alloc(4 * 1_048_576, 'x');
    work.bytes = 0;
    expect(read(bytes)).toEqual({ texts: [], corrupt: 0, end: 0 });
    expect(work.bytes).toBe(0);
  });

  it.each(['00000000 {', '{', '00000000 {}', ' {"a":'])(
    'full of what looks like beginnings (%s) costs bounded work',
    (part) => {
      const bytes = Buffer.alloc(1_048_576, part);
      bytes[bytes.length - 1] = LF;
      work.bytes = 0;
      expect(read(bytes)).toMatchObject({ texts: [], corrupt: 1, end: bytes.length });
      expect(work.bytes).toBeLessThan(bytes.length * 140);
    },
  );
});
