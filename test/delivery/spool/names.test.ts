import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adoptedName,
  destinationFolder,
  instanceMillis,
  instanceName,
  parseInstance,
  parseSegment,
  parseTemporary,
  segmentName,
  temporaryName,
} from '../../../src/delivery/spool/names.ts';

const HOSTILE = [
  '',
  '.',
  '..',
  '../../etc',
  '/etc/passwd',
  '..\\..\\windows',
  'a\0b',
  '\0',
  'CON',
  'con',
  'nul',
  'com1',
  'x'.repeat(300),
  'logs.seg',
  'a/b',
  'a:b',
  'é',
  '💥',
  '\ud800',
  'dead',
  'a b',
  '-a',
  'a\n',
  '__proto__',
];
const anyText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 60 }));
const count = fc.integer({ min: 0, max: 4_294_967_295 });
const parts = fc.record({
  wallMillis: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  pid: count,
  threadId: count,
  random: fc.integer({ min: 0, max: 0xffff_ffff }).map((value) => value.toString(16).padStart(8, '0')),
});
const instances = parts.map(instanceName);

/** One step down, in any reading of any file system. */
function expectHarmless(name: string): void {
  expect(name).toMatch(/^[a-z0-9][a-z0-9_.-]{0,199}$/);
  expect(name).not.toContain('..');
  expect(name).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/);
  const path = join('/spool', name);
  expect([dirname(path), basename(path)]).toEqual(['/spool', name]);
}

describe('the folder of a destination', () => {
  it('is the platform, with a hash of the name when there is one', () => {
    expect(destinationFolder('odysseus')).toBe('odysseus');
    expect(destinationFolder('odysseus', '')).toBe('odysseus');
    expect(destinationFolder('odysseus', 'orders')).toBe('odysseus-1c168adb');
    expect(destinationFolder('Odysseus!')).toMatch(/^hashed_[0-9a-f]{8}$/);
  });

  it('row 80: takes no text of anybody into a path', () => {
    fc.assert(fc.property(anyText, anyText, (one, other) => void expectHarmless(destinationFolder(one, other))));
    for (const platform of HOSTILE) for (const name of HOSTILE) expectHarmless(destinationFolder(platform, name));
  });

  it('is never the folder of another destination', () => {
    const texts = fc.oneof(fc.constantFrom('a', 'hashed_00000000', 'odysseus'), anyText);
    fc.assert(
      fc.property(texts, texts, (platform, name) => {
        const folder = destinationFolder(platform, name);
        fc.pre(folder !== platform);
        expect(destinationFolder(folder)).not.toBe(folder);
        if (name !== '') expect(folder).not.toBe(destinationFolder(platform));
      }),
    );
  });
});

describe('the folder of an instance', () => {
  it('says when, who and where', () => {
    const wallMillis = Date.UTC(2026, 0, 2, 3, 4, 5);
    const name = instanceName({ wallMillis, pid: 4711, threadId: 2, random: '00c0ffee' });
    expect(name).toBe('mjwaid1k-4711-2-00c0ffee');
    expect(instanceMillis(name)).toBe(wallMillis);
    expect(parseInstance(name)).toEqual({ kind: 'instance', instance: name });
  });

  it('is read back, adopted or not, from whatever clock', () => {
    fc.assert(
      fc.property(parts, instances, (one, owner) => {
        const name = instanceName(one);
        expectHarmless(name);
        expect(parseInstance(name)).toEqual({ kind: 'instance', instance: name });
        expect(instanceMillis(name)).toBe(one.wallMillis);
        const adopted = adoptedName(owner, name);
        expectHarmless(adopted);
        expect(parseInstance(adopted)).toEqual({ kind: 'adopted', owner, original: name });
        expect(parseTemporary(temporaryName(name))).toBe(name);
        expect(parseInstance(temporaryName(name))).toBeUndefined();
      }),
    );
    const early = instanceName({ wallMillis: -1.5, pid: 1, threadId: 0, random: '00000000' });
    expect(parseInstance(early)).toEqual({ kind: 'instance', instance: early });
  });

  it('row 45: is nothing else', () => {
    const good = 'mjwaid1k-4711-2-00c0ffee';
    const foreign = [
      ...HOSTILE,
      '.DS_Store',
      'lost+found',
      good.toUpperCase(),
      `${good}\n`,
      ` ${good}`,
      `${good}.adopt-`,
      `.adopt-${good}`,
      `${good}.adopt-${good}.adopt-${good}`,
      `${good}.adopt-../${good}`,
      `../${good}`,
      `0${good}`,
      'mjwaid1k-04711-2-00c0ffee',
      'zzzzzzzzzzz-1-0-00c0ffee',
      'mjwaid1k-4711-2-00c0ffe',
      'mjwaid1k-4711-2-00c0ffeg',
      'mjwaid1k--1-2-00c0ffee',
      'mjwaid1k-4711-00c0ffee',
    ];
    for (const name of foreign) {
      expect(parseInstance(name), name).toBeUndefined();
      expect(parseTemporary(name), name).toBeUndefined();
    }
    for (const name of [good, `.new-${good}.adopt-${good}`, '.new-', `.new-../${good}`]) {
      expect(parseTemporary(name), name).toBeUndefined();
    }
    fc.assert(fc.property(anyText, (name) => void expect(parseInstance(name)).toBeUndefined()));
  });
});

describe('the file of a segment', () => {
  it('has eight digits or more, the lane and the kind', () => {
    expect(segmentName(7, 'logs')).toBe('00000007-logs.seg');
    expect(segmentName(7, 'logs', true)).toBe('00000007-logs.seg.gz');
    expect(segmentName(1_234_567_890, 'events')).toBe('1234567890-events.seg');
    expect(parseSegment('00000007-logs.ack')).toEqual({ sequence: 7, lane: 'logs', kind: 'ack' });
  });

  it('is read back', () => {
    const sequences = fc.integer({ min: 0, max: 999_999_999_999_999 });
    fc.assert(
      fc.property(sequences, fc.stringMatching(/^[a-z]{1,16}$/), (sequence, lane) => {
        const name = segmentName(sequence, lane);
        expectHarmless(name);
        expect(parseSegment(name)).toEqual({ sequence, lane, kind: 'segment' });
        expect(parseSegment(segmentName(sequence, lane, true))).toEqual({ sequence, lane, kind: 'gzip' });
      }),
    );
  });

  it('row 80: takes no lane of anybody into a path, and can be read back all the same', () => {
    fc.assert(
      fc.property(anyText, (lane) => {
        const name = segmentName(0, lane);
        expectHarmless(name);
        expect(parseSegment(name)?.kind).toBe('segment');
      }),
    );
    expect(segmentName(0, 'Logs')).not.toBe(segmentName(0, 'LOGS'));
  });

  it('row 45: is nothing else', () => {
    const foreign = [
      ...HOSTILE,
      'owner.json',
      'released',
      '0000000-logs.seg',
      '000000007-logs.seg',
      '0000000000000000-logs.seg',
      '1234567890123456-logs.seg',
      '00000007-logs.seg.bak',
      '00000007-logs.seg.gz.gz',
      '00000007-logs.ack.gz',
      '00000007-Logs.seg',
      '00000007-l0gs.seg',
      '00000007-abcdefghijklmnopq.seg',
      '00000007-.seg',
      '00000007.seg',
      '00000007-logs.segment',
      '00000007-logs.seg\n',
      '../00000007-logs.seg',
      '٠٠٠٠٠٠٠٧-logs.seg',
    ];
    for (const name of foreign) expect(parseSegment(name), name).toBeUndefined();
    fc.assert(fc.property(anyText, (name) => void expect(parseSegment(name)).toBeUndefined()));
  });
});
