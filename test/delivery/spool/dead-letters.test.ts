import fs from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadFiles, readDeadLetters } from '../../../src/delivery/spool/dead-files.ts';
import { DeadLetterFiles } from '../../../src/delivery/spool/dead-letters.ts';
import type { SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { failing, filesWith, givenAway, makeFifo, modeOf, openPlaces } from './places.ts';

const OLDEST = 'mjwaid1a-1-0-0000000a';
const OLDER = 'mjwaid1b-2-0-0000000b';
const WRITER = 'mjwaid1k-3-0-0000000c';
const AT = '2026-01-02T03:04:05.000Z';
const KIBIBYTE = 1_024;

function setup({ files = nodeFiles, maxBytes = 16 * KIBIBYTE }: { files?: SpoolFiles; maxBytes?: number } = {}) {
  const folder = join(openPlaces().destination, 'dead');
  const letters = new DeadLetterFiles({ files, clock: new FakeClock(), maxBytes });
  const write = (text: string, reason = '400', writer = WRITER): boolean =>
    letters.write(folder, writer, { platform: 'odysseus', lane: 'logs', reason, text });
  const contents = (): Record<string, string> =>
    Object.fromEntries(fs.readdirSync(folder).map((name) => [name, fs.readFileSync(join(folder, name), 'utf8')]));
  return { folder, letters, write, contents };
}

const line = (text: string, why = '"reason":"400","status":400'): string =>
  `{"at":"${AT}","platform":"odysseus","lane":"logs",${why},"record":${text}}\n`;
/** A record of so many characters. */
const filler = (length: number): string => `{"m":"${'x'.repeat(length - 8)}"}`;

describe('dead letters', () => {
  it('are lines of JSON in a private file of the writer, with the record as it was sent', () => {
    const { folder, write, contents } = setup();
    const before = process.umask(0);
    try {
      expect(write('{"n": 12345678901234567890, "n":1.0}')).toBe(true);
    } finally {
      process.umask(before);
    }
    expect(write('{"message":"ü"}', '422 time is too old')).toBe(true);
    expect(contents()).toEqual({
      [`${WRITER}-0.jsonl`]:
        line('{"n": 12345678901234567890, "n":1.0}') +
        line('{"message":"ü"}', '"reason":"422 time is too old","status":422'),
    });
    expect([modeOf(folder), modeOf(join(folder, `${WRITER}-0.jsonl`))]).toEqual(['700', '600']);
  });

  it('have a status only where the reason begins with one', () => {
    const { write, contents } = setup();
    for (const reason of ['too old', '4000', '40', 'status 400']) write('{}', reason);
    expect(Object.values(contents()).join('')).not.toContain('"status"');
  });

  it('stay on one line when the record has several', () => {
    const { write, contents } = setup();
    write('{\r\n"a":1\n}');
    expect(Object.values(contents())).toEqual([line('{  "a":1 }')]);
  });

  it('leave no file open', () => {
    const files = faultFiles();
    const { write } = setup({ files });
    for (let count = 0; count < 3; count += 1) write(filler(3 * KIBIBYTE));
    expect([files.disk.mostOpen, files.disk.open]).toEqual([1, 0]);
  });

  it('begin a new file before one gets longer than a quarter of the limit', () => {
    const { write, contents } = setup({ maxBytes: 8 * KIBIBYTE });
    for (let count = 0; count < 5; count += 1) write(filler(900));
    const sizes = Object.entries(contents()).map(([name, text]) => [name, text.split('\n').length - 1]);
    expect(sizes).toEqual([
      [`${WRITER}-0.jsonl`, 2],
      [`${WRITER}-1.jsonl`, 2],
      [`${WRITER}-2.jsonl`, 1],
    ]);
  });

  it('begin a new file at one mebibyte, however large the limit is', () => {
    const { write, contents } = setup({ maxBytes: 64 * KIBIBYTE * KIBIBYTE });
    for (let count = 0; count < 3; count += 1) write(filler(500 * KIBIBYTE));
    expect(Object.values(contents()).map((text) => text.split('\n').length - 1)).toEqual([2, 1]);
  });

  it('never take more room than they may: the oldest files go, damaged segments too, foreign ones stay', () => {
    const gone: string[] = [];
    const unlinkSync = (path: string): void => {
      gone.push(basename(path));
      fs.unlinkSync(path);
    };
    const { folder, write, contents } = setup({ files: filesWith({ unlinkSync }), maxBytes: 8 * KIBIBYTE });
    fs.mkdirSync(folder, { mode: 0o700 });
    const put = (name: string, bytes: number): void => fs.writeFileSync(join(folder, name), Buffer.alloc(bytes));
    put(`${OLDER}-2.jsonl`, KIBIBYTE);
    put(`${OLDEST}-10.jsonl`, KIBIBYTE);
    put(`${OLDEST}-9.jsonl`, KIBIBYTE);
    put(`${OLDER}.adopt-${WRITER}-00000001-logs.seg.bad`, KIBIBYTE);
    put(`${OLDER}-00000003-logs.seg.gz.bad`, KIBIBYTE);
    put('notes.jsonl', 100 * KIBIBYTE);
    fs.symlinkSync(join(folder, 'notes.jsonl'), join(folder, `${OLDEST}-0.jsonl`));
    write(filler(1_200));
    // 5 KiB and a file of 2 KiB fit.
    expect(gone).toEqual([]);
    for (let count = 0; count < 8; count += 1) {
      write(filler(1_200));
      const bytes = deadFiles(nodeFiles, folder).reduce((sum, file) => sum + file.bytes, 0);
      expect(bytes).toBeLessThanOrEqual(8 * KIBIBYTE);
    }
    expect(gone.slice(0, 6)).toEqual([
      `${OLDEST}-9.jsonl`,
      `${OLDEST}-10.jsonl`,
      `${OLDER}.adopt-${WRITER}-00000001-logs.seg.bad`,
      `${OLDER}-2.jsonl`,
      `${OLDER}-00000003-logs.seg.gz.bad`,
      `${WRITER}-0.jsonl`,
    ]);
    expect(Object.keys(contents())).toEqual(expect.arrayContaining(['notes.jsonl', `${OLDEST}-0.jsonl`]));
  });

  it('take a record that is longer than a file, but none that is longer than the limit', () => {
    const { write, contents } = setup({ maxBytes: 8 * KIBIBYTE });
    expect(write(filler(6 * KIBIBYTE))).toBe(true);
    expect(write(filler(8 * KIBIBYTE))).toBe(false);
    expect(Object.values(contents())).toEqual([line(filler(6 * KIBIBYTE))]);
  });

  it('leave no torn line on a full disk, and go on in the same file when there is room again', () => {
    const files = faultFiles({ capacityBytes: 600 });
    const { write, contents } = setup({ files });
    const results = Array.from({ length: 6 }, () => write('{"a":1}'));
    expect(results).toEqual([true, true, true, true, true, false]);
    expect(contents()).toEqual({ [`${WRITER}-0.jsonl`]: line('{"a":1}').repeat(5) });
    files.disk.capacityBytes = 10_000;
    expect(write('{"a":2}')).toBe(true);
    expect(contents()).toEqual({ [`${WRITER}-0.jsonl`]: line('{"a":1}').repeat(5) + line('{"a":2}') });
    expect(files.disk.open).toBe(0);
  });

  it('write nothing behind a torn line that cannot be cut off', async () => {
    const files = faultFiles({ capacityBytes: 150, faults: [{ on: 'ftruncate', code: 'EIO', times: 1 }] });
    const { folder, write, contents } = setup({ files });
    expect([write('{"a":1}'), write('{"a":2}')]).toEqual([true, false]);
    files.disk.capacityBytes = 10_000;
    expect(write('{"a":3}')).toBe(true);
    expect(contents()[`${WRITER}-1.jsonl`]).toBe(line('{"a":3}'));
    const read = await readDeadLetters(nodeFiles, join(folder, `${WRITER}-0.jsonl`));
    expect(read).toMatchObject({ skipped: 1, letters: [{ text: '{"a":1}' }] });
  });

  it('begin a new file when the last one was taken away, replaced, or belongs to an earlier instance', () => {
    const { folder, write, contents } = setup();
    const path = (number: number): string => join(folder, `${WRITER}-${number}.jsonl`);
    write('{"a":1}');
    fs.renameSync(path(0), join(folder, 'elsewhere'));
    write('{"a":2}');
    fs.renameSync(path(1), join(folder, 'target'));
    fs.symlinkSync(join(folder, 'target'), path(1));
    write('{"a":3}');
    fs.linkSync(path(2), join(folder, 'second name'));
    write('{"a":4}');
    fs.unlinkSync(path(3));
    makeFifo(path(3));
    write('{"a":5}');
    write('{"a":6}', '400', OLDER);
    fs.unlinkSync(path(3));
    expect(contents()).toMatchObject({
      elsewhere: line('{"a":1}'),
      target: line('{"a":2}'),
      [`${WRITER}-2.jsonl`]: line('{"a":3}'),
      [`${WRITER}-4.jsonl`]: line('{"a":5}'),
      [`${OLDER}-5.jsonl`]: line('{"a":6}'),
    });
  });

  it('are not written to a folder that is a link or somebody else’s', () => {
    const linked = setup();
    fs.mkdirSync(`${linked.folder}-elsewhere`);
    fs.symlinkSync(`${linked.folder}-elsewhere`, linked.folder);
    expect(linked.write('{}')).toBe(false);
    expect(fs.readdirSync(`${linked.folder}-elsewhere`)).toEqual([]);
    const { destination } = openPlaces();
    const folder = join(destination, 'dead');
    fs.mkdirSync(folder);
    const files = givenAway(folder);
    const letters = new DeadLetterFiles({ files, clock: new FakeClock(), maxBytes: KIBIBYTE });
    expect(letters.write(folder, WRITER, { platform: 'p', lane: 'logs', reason: '', text: '{}' })).toBe(false);
  });

  it.each(['lstatSync', 'mkdirSync', 'openSync', 'fstatSync', 'writeSync'])(
    'are lost without a throw when %s fails',
    (name) => {
      const { write } = setup({ files: failing(name, 'EIO') });
      expect(write('{}')).toBe(false);
    },
  );

  it.each(['readdirSync', 'unlinkSync', 'closeSync'])('are written although %s fails', (name) => {
    const { write } = setup({ files: failing(name, 'EIO'), maxBytes: KIBIBYTE });
    expect([write(filler(300)), write(filler(300)), write(filler(300)), write(filler(300))]).not.toContain(false);
  });
});

describe('reading dead letters', () => {
  it('gives back every reason and every record, whatever is in them', async () => {
    const { folder, letters } = setup({ maxBytes: 4 * KIBIBYTE * KIBIBYTE });
    const refused = fc.record({
      platform: fc.string(),
      lane: fc.stringMatching(/^[a-z]{1,16}$/),
      reason: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('",\\"record\\":{'), fc.constant(',"record":')),
      text: fc.oneof(
        fc.json().filter((text) => text.isWellFormed()),
        fc.constant('{"a":1,"record":{"record":2}}'),
      ),
    });
    let expected: unknown[] = [];
    fc.assert(
      fc.property(fc.array(refused, { minLength: 50, maxLength: 50 }), (list) => {
        expected = list;
        for (const letter of list) letters.write(folder, WRITER, letter);
      }),
      { numRuns: 1 },
    );
    const read = await readDeadLetters(nodeFiles, join(folder, `${WRITER}-0.jsonl`));
    if (read.kind !== 'ok') throw new Error(read.code);
    expect(read.skipped).toBe(0);
    expect(read.letters.map(({ platform, lane, reason, text }) => ({ platform, lane, reason, text }))).toEqual(
      expected,
    );
    expect(read.letters[0]?.at).toBe(AT);
  });

  it('skips and counts lines that are torn or foreign', async () => {
    const { folder, write } = setup();
    write('{"a":1}');
    const path = join(folder, `${WRITER}-0.jsonl`);
    const foreign = ['', 'null', '{"a":1}', line('{"a":1').trim(), line('{}').trim().replace('logs', '../x')];
    fs.appendFileSync(path, `${foreign.join('\n')}\n${line('{"a":2}')}${line('{"a":3}').trim()}`);
    const { size } = fs.statSync(path);
    expect(await readDeadLetters(nodeFiles, path)).toEqual({
      kind: 'ok',
      letters: [1, 2].map((a) => ({
        ...{ at: AT, platform: 'odysseus', lane: 'logs', reason: '400', status: 400, text: `{"a":${a}}` },
        line: line(`{"a":${a}}`).trim(),
      })),
      skipped: 6,
      bytes: size,
    });
  });

  it('fails for what is no plain file', async () => {
    const { folder, write } = setup();
    write('{}');
    fs.symlinkSync(join(folder, `${WRITER}-0.jsonl`), join(folder, 'link'));
    expect(await readDeadLetters(nodeFiles, join(folder, 'link'))).toEqual({ kind: 'failed', code: 'EINVAL' });
    expect(await readDeadLetters(nodeFiles, join(folder, 'none'))).toEqual({ kind: 'failed', code: 'ENOENT' });
  });
});
