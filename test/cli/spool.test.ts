import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ageText, countText, sizeText } from '../../src/cli/spool-output.ts';
import { foldersIn } from '../../src/cli/spool-survey.ts';
import { frameOf } from '../../src/delivery/spool/frame.ts';
import { headerBytes } from '../../src/delivery/spool/header.ts';
import { ownerFacts } from '../../src/delivery/spool/owner.ts';
import { givenAway, STRANGER } from '../delivery/spool/places.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { lines, MAIN, SpoolRig, spool, temporary, tree } from './spool-rig.ts';

describe('logferry spool', () => {
  it('tells its commands, and each command its options and examples', async () => {
    const overview = await spool(['--help']);
    expect(overview).toMatchObject({ code: 0, stderr: '' });
    const names = [...overview.stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map((match) => match[1]);
    expect(names).toEqual(['ls', 'show', 'replay', 'purge', 'import']);
    for (const name of names) {
      const { code, stdout, stderr } = await spool([name as string, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(
        new RegExp(`^Usage: logferry spool ${name}.*--dir PATH.*Examples:\n  .*logferry spool ${name}`, 's'),
      );
    }
  });

  it.each([
    [[], /no command given; known are: ls, show, replay, purge, import/],
    [['lss'], /unknown command "lss"; did you mean ls\?/],
    [['constructor'], /unknown command "constructor"; known are: ls,/],
    [['ls'], /ls: say where the spool is: --dir PATH or LOGFERRY_SPOOL_DIR/],
    [['ls', '--dri', '.'], /ls: unknown option "--dri"; did you mean --dir\?/],
    [['ls', '--dir'], /ls: Option '--dir <value>' argument missing/],
    [['ls', '--dir', '.', 'more'], /ls: Unexpected argument 'more'/],
    [['show', '--dir', '.', '--limit', '0'], /show: --limit "0": use a whole number of at least 1/],
    [['show', '--dir', '.', 'a', 'b'], /show: name one destination or none/],
    [['purge', '--dir', '.'], /purge: say what to delete: --dead, --orphans or --all/],
    [
      ['purge', '--dir', '.', '--all', '--older-than', '7'],
      /purge: --older-than "7": use a number with ms, s, m, h or d/,
    ],
    [['replay', '--dir', '.', '--platform', 'redarhc'], /replay: unknown platform "redarhc"; did you mean redarch\?/],
    [['replay', '--dir', '.', '--timeout', 'soon'], /replay: --timeout "soon"/],
    [['import', '--dir', '.', 'x'], /import: say whose client it was: --platform redarch, odysseus or loggier/],
    [['import', '--dir', '.', 'x', '--platform', 'trakerr'], /import: the clients of trakerr keep nothing on disk/],
    [['import', '--dir', '.', 'x', '--platform', 'logtide'], /import: the clients of logtide keep nothing on disk/],
    [
      ['import', '--dir', '.', 'x', '--platform', 'redarch', '--lane', 'events'],
      /import: --lane "events": redarch has logs/,
    ],
    [['import', '--dir', '.', '--platform', 'redarch'], /import: name the files or directories/],
    [['import', '--dir', '.', '--platform', 'redarch', 'nowhere'], /import: nowhere is not there/],
  ])('refuses %j in one line and changes nothing', async (args, message) => {
    const cwd = temporary();
    const { code, stdout, stderr } = await spool(args, { cwd });
    expect([code, stdout, lines(stderr).length]).toEqual([2, '', 1]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^logferry spool: .*\(see logferry spool(?: \w+)? --help\)\n$/);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('says when there is no directory, or nothing in it yet', async () => {
    const directory = temporary();
    expect(await spool(['ls', '--dir', join(directory, 'none')])).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `logferry spool: ${directory}/none cannot be read (ENOENT)\n`,
    });
    const env = { LOGFERRY_SPOOL_DIR: directory };
    expect(await spool(['ls'], { env })).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: `logferry spool: nothing was spooled in ${directory} yet\n`,
    });
    expect(await spool(['show'], { env })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(fs.readdirSync(directory)).toEqual([]);
  });
});

describe('logferry spool ls', () => {
  async function filled() {
    const rig = new SpoolRig();
    const released = await rig.orphan('redarch', ['{"a":1}', '{"a":2}']);
    const killed = await rig.killed('redarch', ['{"a":3}']);
    const living = await rig.living('redarch', ['{"a":4}', '{"a":5}']);
    const named = await rig.living('logtide', ['{"b":1}'], 'my shop');
    const destination = rig.destination('redarch');
    const adopted = `${living}.adopt-mjwaid1k-9-0-0000000f`;
    const adoptedDead = 'mjwaid1k-8-0-0000000f.adopt-mjwaid1k-9-0-0000000e';
    fs.mkdirSync(join(destination, adopted));
    fs.mkdirSync(join(destination, adoptedDead));
    // Begun long ago, and empty: nothing in it is old.
    const header = { platform: 'redarch', lane: 'logs', openedMillis: 0 };
    fs.writeFileSync(join(destination, adoptedDead, '00000007-logs.seg'), headerBytes(header));
    // A damaged line, and one that was being written.
    const segment = join(destination, killed, '00000000-logs.seg');
    fs.appendFileSync(segment, '00000000 {"a":"x"}\n12345678 torn');
    fs.writeFileSync(
      join(destination, killed, '00000001-logs.seg'),
      frameOf('{"format":"logferry-spool","version":2}'),
    );
    fs.writeFileSync(join(destination, killed, '00000002-logs.seg.gz'), 'no gzip');
    fs.writeFileSync(join(destination, killed, 'foreign'), '');
    rig.deadLetters('redarch', [
      { text: '{"d":1}', reason: '400' },
      { text: '{"d":2}', reason: '400 level' },
      { text: '{"d":3}', reason: 'too old' },
    ]);
    rig.deadLetters('redarch', [{ text: '{"d":4}', reason: '413' }]);
    fs.appendFileSync(join(destination, 'dead', 'mjwaid1k-1-0-0000000a-0.jsonl'), 'torn');
    fs.writeFileSync(join(destination, 'dead', `${released}-00000004-logs.seg.bad`), Buffer.alloc(2_000));
    return { rig, released, killed, living, named, adopted, adoptedDead };
  }

  it('lists owners, what waits, dead letters and damaged files, as JSON', async () => {
    const { rig, released, killed, living, named, adopted, adoptedDead } = await filled();
    const before = tree(rig.directory);
    const { code, stdout, stderr } = await rig.run(['ls', '--json']);
    expect([code, stderr, lines(stdout).length]).toEqual([0, '', 1]);
    const { directory, destinations } = JSON.parse(stdout);
    expect(directory).toBe(rig.directory);
    expect(destinations.map((one: { folder: string; name: string }) => [one.folder, one.name])).toEqual([
      [expect.stringMatching(/^logtide-[0-9a-f]{8}$/), 'my shop'],
      ['redarch', null],
    ]);
    const [logtide, redarch] = destinations;
    expect(logtide).toMatchObject({
      instances: [{ directory: named, state: 'alive', waiting: 1, segments: 1 }],
      dead: { files: 0, bytes: 0, letters: 0, skipped: 0, reasons: {} },
      damaged: { files: 0, bytes: 0 },
    });
    const owner = { pid: process.pid, hostname: expect.any(String), version: expect.any(String) };
    const empty = { segments: 0, bytes: 0, waiting: 0, damaged: 0, unreadable: 0 };
    const size = (instance: string): number =>
      fs.statSync(join(rig.destination('redarch'), instance, '00000000-logs.seg')).size;
    const one = { segments: 1, damaged: 0, unreadable: 0, oldestMillis: expect.any(Number) };
    const byName = Object.fromEntries(
      redarch.instances.map((found: { directory: string }) => [found.directory, found]),
    );
    expect(byName).toEqual({
      [adopted]: { directory: adopted, state: 'alive', adopted: true, owner, ...empty },
      [adoptedDead]: {
        directory: adoptedDead,
        state: 'dead',
        adopted: true,
        owner: null,
        ...empty,
        segments: 1,
        bytes: 98,
      },
      [released]: {
        directory: released,
        state: 'released',
        adopted: false,
        owner,
        ...one,
        waiting: 2,
        bytes: size(released),
      },
      [living]: { directory: living, state: 'alive', adopted: false, owner, ...one, waiting: 2, bytes: size(living) },
      [killed]: {
        ...{ directory: killed, state: 'dead', adopted: false, owner, ...one, waiting: 1 },
        // What is no gzip has no records to be read, only damage.
        ...{ bytes: size(killed) + 'no gzip'.length, segments: 3, damaged: 2, unreadable: 1 },
      },
    });
    expect(redarch).toMatchObject({
      dead: { files: 2, letters: 4, skipped: 1, reasons: { 400: 2, 'too old': 1, 413: 1 } },
      damaged: { files: 1, bytes: 2_000 },
    });
    expect(tree(rig.directory)).toEqual(before);
  });

  it('lists them for people', async () => {
    const { rig, released, killed } = await filled();
    const { code, stdout, stderr } = await rig.run(['ls']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^logtide-[0-9a-f]{8} \("my shop"\)\n/);
    expect(stdout).toMatch(
      new RegExp(
        `^  ${released}  released, pid ${process.pid} on \\S+\n    2 records wait in 1 segment, \\d+ B; oldest \\d+ s$`,
        'm',
      ),
    );
    expect(stdout).toMatch(new RegExp(`^  ${killed}  dead, pid ${process.pid} on `, 'm'));
    expect(stdout).toMatch(
      /^ {4}1 record waits in 3 segments, \d+ B; oldest \d+ s; 2 lines damaged; 1 segment unreadable$/m,
    );
    expect(stdout).toMatch(/^ {2}4 dead letters in 2 files, \d+ B: 2 × 400, 1 × 413, 1 × too old, 1 line unreadable$/m);
    expect(stdout).toMatch(/^ {2}1 damaged file set aside, 2.0 kB$/m);
  });

  it('says whose spool it is when it is another user’s', async () => {
    const { root, directory } = new SpoolRig();
    const files = givenAway(root);
    const on = { files, clock: new FakeClock(), here: ownerFacts(files, 'spool') };
    expect(await foldersIn(on, directory)).toEqual({
      kind: 'unusable',
      reason: `${root} belongs to uid ${STRANGER}; run this as that user`,
    });
  });
});

describe('logferry spool show', () => {
  it('prints records as they are, of all destinations, one of them, or one process', async () => {
    const rig = new SpoolRig();
    const first = await rig.orphan('odysseus', ['{"n": 12345678901234567890}', '{"m":"a\\u001bb\u202ec"}']);
    await rig.living('odysseus', ['{"a":2}']);
    await rig.orphan('redarch', ['{"b":1}']);
    const odysseus = ['{"n": 12345678901234567890}', '{"m":"a\\u001bb\u202ec"}', '{"a":2}'];
    expect(await rig.run(['show'])).toEqual({ code: 0, stdout: [...odysseus, '{"b":1}', ''].join('\n'), stderr: '' });
    expect(lines((await rig.run(['show', 'odysseus'])).stdout)).toEqual(odysseus);
    expect(lines((await rig.run(['show', `odysseus/${first}`])).stdout)).toEqual(odysseus.slice(0, 2));
    expect(lines((await rig.run(['show', '--limit', '2'])).stdout)).toEqual(odysseus.slice(0, 2));
  });

  it('prints dead letters, and says what it leaves out', async () => {
    const rig = new SpoolRig();
    rig.deadLetters('redarch', [{ text: '{"d": 1}', reason: '400' }]);
    rig.deadLetters('redarch', [{ text: '{"d": 2}', reason: '413' }]);
    fs.appendFileSync(join(rig.destination('redarch'), 'dead/mjwaid1k-2-0-0000000a-0.jsonl'), 'torn');
    const { code, stdout, stderr } = await rig.run(['show', '--dead']);
    expect([code, lines(stdout).length]).toEqual([0, 2]);
    expect(stdout).toMatch(
      /^\{"at":"[^"]+Z","platform":"redarch","lane":"logs","reason":"400","status":400,"record":\{"d": 1\}\}\n/,
    );
    expect(stderr).toMatch(/mjwaid1k-2-0-0000000a-0.jsonl: 1 line torn or foreign, left out\n$/);
    const one = await rig.run(['show', 'redarch/mjwaid1k-2-0-0000000a', '--dead']);
    expect(lines(one.stdout)).toEqual([expect.stringContaining('"record":{"d": 2}}')]);
  });

  it('knows what is not there', async () => {
    const rig = new SpoolRig();
    await rig.orphan('redarch', ['{}']);
    const wrong = await rig.run(['show', 'redarhc']);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown destination "redarhc"; did you mean redarch?'),
    });
    const gone = await rig.run(['show', 'redarch/mjwaid1k-1-0-0000000a']);
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown instance') });
  });

  it('ends quietly when its reader has gone', async () => {
    const rig = new SpoolRig();
    await rig.orphan(
      'redarch',
      Array.from({ length: 20_000 }, (_, n) => `{"n":${n},"m":"${'x'.repeat(100)}"}`),
    );
    const script = 'set -o pipefail; "$0" "$1" spool show --dir "$2" | head -n 1';
    const args = ['-c', script, process.execPath, MAIN, rig.directory];
    const { stdout, stderr } = await promisify(execFile)('bash', args);
    expect([lines(stdout), stderr]).toEqual([[expect.stringMatching(/^\{"n":0,/)], '']);
  });
});

describe('texts for people', () => {
  it('have a unit that fits', () => {
    expect([0, 999, 1_000, 1_449_000, 2e15].map(sizeText)).toEqual(['0 B', '999 B', '1.0 kB', '1.4 MB', '2000.0 TB']);
    expect([-5, 0, 59_999, 60_000, 7_200_000, 200_000_000].map(ageText)).toEqual([
      '0 s',
      '0 s',
      '59 s',
      '1 min',
      '2 h',
      '2 d',
    ]);
    expect([0, 1, 1_234].map((count) => countText(count, 'file'))).toEqual(['0 files', '1 file', '1,234 files']);
  });
});
