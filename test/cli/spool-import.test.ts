import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { finish } from '../../src/cli/spool-import-files.ts';
import { linesOf } from '../../src/cli/spool-import-lines.ts';
import { type Source, sourcesOf } from '../../src/cli/spool-import-sources.ts';
import { readRedArch } from '../../src/cli/spool-import-text.ts';
import { destinationFolder, RELEASED_FILE } from '../../src/delivery/spool/names.ts';
import { lines, SpoolRig, temporary, tree } from './spool-rig.ts';

const NAMED = ['--name', 'shop'];

/** A folder with files in it. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporary();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(folder, name)), { recursive: true });
    fs.writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A record as the RedArch client buffers it. */
const redarch = (n: number, end = ''): string =>
  `{"level": "WARN", "service": "shop", "logger_name": "x", "message": "m${n}", "user_id": null, "context": {"n": 12345678901234567890, "retry_count": 7}, "client_log_datetime": "2024-05-22T22:30:00Z"${end}}`;

/** The records of a lane in the spool, by what `show` prints. */
async function shown(rig: SpoolRig, platform: string, name = 'shop'): Promise<string[]> {
  return lines((await rig.run(['show', destinationFolder(platform, name)])).stdout);
}

function lanes(rig: SpoolRig, platform: string, name = 'shop'): string[] {
  return Object.keys(tree(rig.destination(platform, name)))
    .filter((path) => path.endsWith('.seg'))
    .map((path) => /-(\w+)\.seg$/.exec(path)?.[1] as string);
}

describe('logferry spool import', () => {
  it('takes over every kind of RedArch buffer, without the client’s own counter', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({
      'shop/buffer.jsonl': `${redarch(1)}\n${redarch(2, ', "retry_count": 3')}\n\n`,
      'shop/buffer_4711.jsonl': `${redarch(3, ', "retry_count": 0')}\n`,
      'shop/buffer_4711_20240522223000.jsonl': redarch(4),
      'other/buffer_20240522223000.jsonl': `${redarch(5)}\r\n`,
      'other/buffer.sending-1716417000.jsonl': `${redarch(6)}\n`,
      'other/app.jsonl': redarch(7),
    });
    const { code, stdout, stderr } = await rig.run(['import', folder, '--platform', 'redarch', ...NAMED]);
    expect([code, stderr]).toEqual([
      0,
      'logferry spool: 6 records for redarch with the spool name "shop": the next start of such an application delivers them, or logferry spool replay\n',
    ]);
    expect(lines(stdout)).toEqual([
      `${folder}/other/buffer.sending-1716417000.jsonl: 1 record imported`,
      `${folder}/other/buffer_20240522223000.jsonl: 1 record imported`,
      `${folder}/shop/buffer.jsonl: 2 records imported`,
      `${folder}/shop/buffer_4711.jsonl: 1 record imported`,
      `${folder}/shop/buffer_4711_20240522223000.jsonl: 1 record imported`,
    ]);
    expect((await shown(rig, 'redarch')).sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => redarch(n)));
    const names = Object.keys(tree(folder));
    expect(names.filter((name) => !name.endsWith('.imported'))).toEqual(['other/app.jsonl']);
    expect(tree(folder)['shop/buffer.jsonl.imported']).toBe(`${redarch(1)}\n${redarch(2, ', "retry_count": 3')}\n\n`);
    expect(Object.keys(tree(rig.destination('redarch', 'shop')))).toEqual([
      expect.stringMatching(/\/00000000-logs\.seg$/),
      expect.stringContaining(`/${RELEASED_FILE}`),
    ]);
  });

  it('imports nothing twice', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({
      'buffer.jsonl': redarch(1),
      'named.txt': redarch(2),
      'buffer.jsonl.imported': 'older',
    });
    const args = [
      'import',
      folder,
      join(folder, 'named.txt'),
      join(folder, 'buffer.jsonl'),
      '--platform',
      'redarch',
      ...NAMED,
    ];
    expect(lines((await rig.run(args)).stdout)).toHaveLength(2);
    expect(tree(folder)).toEqual({
      'buffer.jsonl.imported': 'older',
      'buffer.jsonl.imported-1': redarch(1),
      'named.txt.imported': redarch(2),
    });
    const again = await rig.run([
      'import',
      folder,
      join(folder, 'named.txt.imported'),
      '--platform',
      'redarch',
      ...NAMED,
    ]);
    expect(again).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'logferry spool: nothing to import: no buffer*.jsonl that was not imported before\n',
    });
    expect(await shown(rig, 'redarch')).toHaveLength(2);
  });

  it('leaves files as they are with --keep', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ 'buffer.jsonl': redarch(1) });
    expect(await rig.run(['import', folder, '--platform', 'redarch', '--keep', ...NAMED])).toMatchObject({ code: 0 });
    expect(fs.readdirSync(folder)).toEqual(['buffer.jsonl']);
  });

  it('tells logs from events by the names of Odysseus files, byte order mark or not', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({
      'android/logs/000000.jsonl': '{"l":1}\n{"l": 12345678901234567890}\n',
      'android/events/000017.jsonl': '{"e":1}\n',
      'cs/logs.jsonl': '\ufeff{"l":3,"x":"\u2028"}\r\n',
      'cs/events.jsonl': '\ufeff{"e":2}\n',
      'old/pending-events.jsonl': '{"e":3}\n',
      'old/pending-logs.jsonl': '{"l":4}\n',
      'cs/other.jsonl': '{"no":1}\n',
    });
    const { code, stdout } = await rig.run(['import', folder, '--platform', 'odysseus', ...NAMED]);
    expect([code, lines(stdout).length, lanes(rig, 'odysseus')]).toEqual([0, 6, ['events', 'logs']]);
    const texts = await shown(rig, 'odysseus');
    expect(texts).toEqual([
      '{"e":1}',
      '{"e":2}',
      '{"e":3}',
      '{"l":1}',
      '{"l": 12345678901234567890}',
      '{"l":3,"x":"\u2028"}',
      '{"l":4}',
    ]);
  });

  it('asks for the lane where the path of an Odysseus file does not tell', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ '000000.jsonl': '{"e":1}', 'logs/000001.jsonl': '{"e":2}' });
    const args = ['import', folder, '--platform', 'odysseus', ...NAMED];
    expect(await rig.run(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${folder}/000000.jsonl may hold logs or events: say which with --lane`),
    });
    expect(fs.readdirSync(rig.root)).toEqual([]);
    expect(await rig.run([...args, '--lane', 'events'])).toMatchObject({ code: 0 });
    expect(lanes(rig, 'odysseus')).toEqual(['events']);
  });

  it('names what is no record with file and line, imports the rest, and ends with 1', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({
      'buffer.jsonl': [
        'nope',
        redarch(1),
        '[1]',
        '{"level":"INFO","mess',
        'null',
        '"x"',
        `{"a":${'1'.repeat(30)}`,
      ].join('\n'),
      'buffer_1.jsonl': '{"torn',
    });
    const { code, stdout, stderr } = await rig.run(['import', folder, '--platform', 'redarch', ...NAMED]);
    expect(code).toBe(1);
    expect(lines(stderr).slice(0, -1)).toEqual([
      ...[1, 3, 4, 5, 6, 7].map((line) => `logferry spool: ${folder}/buffer.jsonl:${line} is not a JSON object`),
      `logferry spool: ${folder}/buffer_1.jsonl:1 is not a JSON object`,
    ]);
    expect(lines(stdout)).toEqual([
      `${folder}/buffer.jsonl: 1 record imported, 6 places left out`,
      `${folder}/buffer_1.jsonl: 0 records imported, 1 place left out`,
    ]);
    // A file that gave nothing was not imported.
    expect(fs.readdirSync(folder)).toEqual(['buffer.jsonl.imported', 'buffer_1.jsonl']);
    expect(await shown(rig, 'redarch')).toEqual([redarch(1)]);
  });

  it('does not bury what matters under complaints', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ 'buffer.jsonl': 'x\n'.repeat(500) });
    const { stdout, stderr } = await rig.run(['import', folder, '--platform', 'redarch', ...NAMED]);
    expect([lines(stderr).length, stdout]).toEqual([
      20,
      `${folder}/buffer.jsonl: 0 records imported, 500 places left out\n`,
    ]);
  });

  it('saves the record that the next process wrote behind a torn one', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ 'buffer.jsonl': `{"level":"INFO","mess${redarch(1, ', "retry_count": 1')}\n` });
    const { code, stderr } = await rig.run(['import', folder, '--platform', 'redarch', ...NAMED]);
    expect([code, await shown(rig, 'redarch')]).toEqual([1, [redarch(1)]]);
    expect(stderr).toContain('buffer.jsonl:1 begins with a torn record; the one behind it is imported\n');
  });

  it('imports nothing at all when one of the files cannot be read', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ 'a/buffer.jsonl': redarch(1) });
    // Not even root can open this one.
    fs.symlinkSync('loop.jsonl', join(folder, 'loop.jsonl'));
    const args = ['import', join(folder, 'a'), join(folder, 'loop.jsonl'), '--platform', 'redarch', ...NAMED];
    const { code, stdout, stderr } = await rig.run(args);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/^logferry: ELOOP: .*loop\.jsonl'\n$/)]);
    expect([fs.readdirSync(join(folder, 'a')), tree(rig.root)]).toEqual([['buffer.jsonl'], {}]);
  });

  it('keeps the name of a file that has grown meanwhile, or cannot be renamed', () => {
    const said: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    onTestFinished(() => spy.mockRestore());
    const path = join(folderWith({ 'buffer.jsonl': 'more' }), 'buffer.jsonl');
    const source = sourcesOf('redarch', [path], undefined)[0] as Source;
    const file = { source, imported: 1, complaints: 0 };
    expect(finish({ ...file, bytes: 3 }, false).done).toBe(false);
    expect([fs.existsSync(path), said]).toEqual([true, [expect.stringContaining('it has grown meanwhile')]]);
    expect(finish({ ...file, bytes: 4 }, false).done).toBe(true);
    expect(fs.existsSync(`${path}.imported`)).toBe(true);
    expect(finish({ ...file, bytes: undefined }, false).done).toBe(false);
    expect(said[1]).toContain('it cannot be renamed (ENOENT), so a second import would import it again');
  });

  it('says which Node reads the cache of the Loggier client where this one cannot', async () => {
    const rig = new SpoolRig();
    const folder = folderWith({ 'loggier_cache.db': '' });
    const hasSqlite = Number(process.versions.node.split('.')[0]) >= 22;
    const env: Record<string, string> = hasSqlite ? { NODE_OPTIONS: '--no-experimental-sqlite' } : {};
    const { code, stdout, stderr } = await rig.run(['import', folder, '--platform', 'loggier', ...NAMED], { env });
    expect([code, stdout]).toEqual([1, '']);
    expect(lines(stderr)).toEqual([
      `logferry spool: ${folder}/loggier_cache.db: this Node (${process.version}) cannot read SQLite; run the import with Node 22.13 or later; the application may stay on its own`,
      'logferry spool: nothing was imported',
    ]);
    expect([fs.readdirSync(folder), tree(rig.root)]).toEqual([['loggier_cache.db'], {}]);
  });

  it('takes the spool name of the application: option, variables, package.json, or none where that is what is there', async () => {
    const folder = folderWith({ 'buffer.jsonl': redarch(1), 'app/package.json': '{"name":"pack"}' });
    const cwd = join(folder, 'app');
    const imported = async (rig: SpoolRig, args: readonly string[], env: Record<string, string>) => {
      const before = fs.readdirSync(rig.root);
      await rig.run(['import', folder, '--platform', 'redarch', '--keep', ...args], { cwd, env });
      return fs.readdirSync(rig.root).filter((name) => !before.includes(name));
    };
    const all = { LOGFERRY_SPOOL_NAME: 'variable', OTEL_SERVICE_NAME: 'service' };
    const rig = new SpoolRig();
    expect(await imported(rig, NAMED, all)).toEqual([destinationFolder('redarch', 'shop')]);
    expect(await imported(rig, [], all)).toEqual([destinationFolder('redarch', 'variable')]);
    expect(await imported(rig, [], { OTEL_SERVICE_NAME: 'service' })).toEqual([
      destinationFolder('redarch', 'service'),
    ]);
    expect(await imported(rig, [], {})).toEqual([destinationFolder('redarch', 'pack')]);
    expect(await imported(rig, ['--name', ''], all)).toEqual(['redarch']);
    const plain = new SpoolRig();
    plain.destination('redarch');
    expect(await imported(plain, [], {})).toEqual([]);
    expect(fs.readdirSync(join(plain.root, 'redarch'))).toHaveLength(1);
  });

  it('refuses a spool directory that applications would refuse', async () => {
    const rig = new SpoolRig();
    fs.chmodSync(rig.directory, 0o777);
    const folder = folderWith({ 'buffer.jsonl': redarch(1) });
    const { code, stderr } = await rig.run(['import', folder, '--platform', 'redarch', ...NAMED]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('can be written by other users (mode 777)')]);
    expect(fs.readdirSync(folder)).toEqual(['buffer.jsonl']);
  });
});

describe('a line of a RedArch buffer', () => {
  it.each([
    ['keeps everything when there is no counter', '{"level":"WARN", "n":1.0}', '{"level":"WARN", "n":1.0}'],
    [
      'loses the counter at the end and nothing else',
      '{"n":12345678901234567890, "retry_count": 12}',
      '{"n":12345678901234567890}',
    ],
    ['loses the counter elsewhere', '{"retry_count":1,"a":2}', '{"a":2}'],
    ['loses the counter when it is there twice', '{"retry_count":1,"a":2,"retry_count":2}', '{"a":2}'],
    ['loses the counter when it is all there is', '{"retry_count":1}', '{}'],
    ['loses the counter whatever it is', '{"a":1,"retry_count":"x"}', '{"a":1}'],
    ['keeps counters of others', '{"a":{"x":1,"retry_count":2}}', '{"a":{"x":1,"retry_count":2}}'],
    ['keeps text that looks like one', '{"a":", \\"retry_count\\": 1}"}', '{"a":", \\"retry_count\\": 1}"}'],
  ])('%s', (_, line, text) => {
    expect(readRedArch(line)).toEqual({ text, problem: undefined });
  });

  it('is not taken for a record when only a part of one is whole', () => {
    const part = '{"level":"INFO","service":"s","context":{"level":"x"}';
    expect(readRedArch(part)).toEqual({ text: undefined, problem: 'is not a JSON object' });
  });
});

describe('lines of a file', () => {
  it('end at line feeds only, whatever the size of what is read at once', async () => {
    const folder = temporary();
    const texts = [
      '\ufeffone',
      '',
      'two\u2028\u2029\u0085',
      `\ufeff${'ü'.repeat(100_000)}`,
      'x'.repeat(8_388_609),
      'last',
    ];
    const path = join(folder, 'file');
    fs.writeFileSync(path, texts.join('\n'));
    const found = [];
    for await (const line of linesOf(path)) found.push(line);
    expect(found.map(({ place, text }) => [place, text])).toEqual([
      ['1', 'one'],
      ['2', ''],
      ['3', texts[2]],
      ['4', texts[3]],
      ['5', undefined],
      ['6', 'last'],
    ]);
    expect(found.at(-1)?.bytes).toBe(fs.statSync(path).size);
  });
});
