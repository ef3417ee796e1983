import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frameOf } from '../../src/delivery/spool/frame.ts';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { lines, type RunOptions, SpoolRig } from './spool-rig.ts';

const entry = (message: string, level = 'warn'): string =>
  JSON.stringify({ time: '2026-01-02T03:04:05.678Z', service: 'shop', level, message });
const redarch = (message: string): string =>
  JSON.stringify({
    ...{ level: 'WARN', service: 'shop', logger_name: 'x', message, user_id: null, tenant_id: null },
    ...{ request_id: 'r', context: {}, client_log_datetime: '2026-01-02T03:04:05Z' },
  });

async function sinkOf(): Promise<Sink> {
  const sink = await startSink();
  onTestFinished(() => sink.close());
  return sink;
}

/** The variables of some of the sink's platforms. */
function envOf(sink: Sink, ...prefixes: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sink.env()).filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix))),
  );
}

const messages = (sink: Sink): unknown[] => sink.records().map(({ record }) => record.message ?? record.name);

/** Runs `replay` for the spool that has no name, unless the arguments say otherwise. */
function replay(rig: SpoolRig, args: readonly string[] = [], options: RunOptions = {}) {
  return rig.run(['replay', ...(args.includes('--name') ? [] : ['--name', '']), ...args], options);
}

/** `replay` without end, stopped once `isDue` says so, which is asked again and again. */
async function interrupted(
  rig: SpoolRig,
  env: Record<string, string>,
  isDue: (stderr: string) => boolean,
  { args = [], signal = 'SIGINT' }: { args?: readonly string[]; signal?: NodeJS.Signals } = {},
) {
  let pid = 0;
  let said = '';
  const onStart = (started: number): void => {
    pid = started;
  };
  const onStderr = (text: string): void => {
    said = text;
  };
  const run = replay(rig, ['--timeout', '10m', ...args], { env, onStart, onStderr });
  await expect.poll(() => isDue(said), { timeout: 30_000 }).toBe(true);
  process.kill(pid, signal);
  return run;
}

describe('logferry spool replay', () => {
  it('delivers dead letters and what dead processes have left, and clears them away', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    await rig.orphan('logtide', [entry('released')]);
    await rig.killed('logtide', [entry('killed')]);
    const living = await rig.living('logtide', [entry('living')]);
    rig.deadLetters('logtide', [
      { text: entry('dead'), reason: '400' },
      { text: entry('dead too'), reason: '400' },
    ]);
    const { code, stdout, stderr } = await replay(rig, [], { env: envOf(sink, 'LOGTIDE') });
    expect([code, stdout, stderr]).toEqual([0, 'logtide: 4 records delivered, 0 dead-lettered again, 0 left\n', '']);
    expect(messages(sink).sort()).toEqual(['dead', 'dead too', 'killed', 'released']);
    const destination = rig.destination('logtide');
    expect(fs.readdirSync(destination).sort()).toEqual([living, 'dead'].sort());
    expect(fs.readdirSync(join(destination, 'dead'))).toEqual([]);
  });

  it('delivers imported buffers and both lanes of Odysseus to several platforms at once', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    await rig.orphan('redarch', [redarch('r')], { name: 'shop' });
    const base = { session_id: '3f2504e04f8941d39a0c0305e82c3301', timestamp: '2026-01-02T03:04:05.678Z' };
    await rig.orphan('odysseus', [JSON.stringify({ ...base, message: 'o', severity: 2 })], { name: 'shop' });
    const event = { ...base, id: base.session_id, name: 'e', type: 0, stream_id: base.session_id, position: 0 };
    rig.deadLetters('odysseus', [{ text: JSON.stringify(event), reason: '400', lane: 'events' }], 'shop');
    const env = envOf(sink, 'RARCH', 'ODYSSEUS');
    const { code, stdout, stderr } = await replay(rig, ['--name', 'shop'], { env });
    expect([code, stderr, lines(stdout).sort()]).toEqual([
      0,
      '',
      [
        'odysseus: 2 records delivered, 0 dead-lettered again, 0 left',
        'redarch: 1 record delivered, 0 dead-lettered again, 0 left',
      ],
    ]);
    expect(
      sink
        .records()
        .map(({ platform, channel }) => `${platform}/${channel}`)
        .sort(),
    ).toEqual(['odysseus/events', 'odysseus/logs', 'redarch/logs']);
  });

  it('makes a dead letter of what is refused again', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    rig.deadLetters('logtide', [
      { text: entry('good'), reason: '400' },
      { text: entry('bad', 'no level'), reason: '400' },
    ]);
    const { code, stdout } = await replay(rig, [], { env: envOf(sink, 'LOGTIDE') });
    expect([code, stdout]).toEqual([0, 'logtide: 1 record delivered, 1 dead-lettered again, 0 left\n']);
    const { stdout: shown } = await rig.run(['show', '--dead']);
    expect(lines(shown)).toEqual([expect.stringContaining(`"record":${entry('bad', 'no level')}}`)]);
  });

  it('delivers only dead letters, or only what dead processes have left, when it is told to', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    const env = envOf(sink, 'LOGTIDE');
    await rig.orphan('logtide', [entry('orphan')]);
    await rig.killed('logtide', [entry('killed')]);
    rig.deadLetters('logtide', [{ text: entry('dead'), reason: '400' }]);
    expect(await replay(rig, ['--dead'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(messages(sink)).toEqual(['dead']);
    rig.deadLetters('logtide', [{ text: entry('dead again'), reason: '400' }]);
    expect(await replay(rig, ['--orphans'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(messages(sink).slice(1).sort()).toEqual(['killed', 'orphan']);
    expect(lines((await rig.run(['show', '--dead'])).stdout)).toHaveLength(1);
    expect(fs.readdirSync(rig.destination('logtide'))).toEqual(['dead']);
  });

  it('leaves what it cannot deliver to the next one when it is interrupted, and ends with 1', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    const env = envOf(sink, 'LOGTIDE');
    sink.setFaults({ status: 401 }, 'logtide');
    await rig.orphan('logtide', [entry('orphan')]);
    rig.deadLetters('logtide', [{ text: entry('dead'), reason: '400' }]);
    const { code, stdout, stderr } = await interrupted(rig, env, (said) => said.includes('401'));
    expect([code, stdout]).toEqual([1, 'logtide: 0 records delivered, 0 dead-lettered again, 2 left\n']);
    expect(stderr).toMatch(/^logferry spool: logtide is held: 401/m);
    const listed = JSON.parse((await rig.run(['ls', '--json'])).stdout).destinations[0];
    expect(listed.dead.letters).toBe(0);
    const found: { state: string; waiting: number }[] = listed.instances;
    expect(found.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(2);
    expect(found.map(({ state }) => state)).not.toContain('alive');
    sink.setFaults({}, 'logtide');
    expect(await replay(rig, [], { env })).toMatchObject({ code: 0 });
    expect(messages(sink).sort()).toEqual(['dead', 'orphan']);
  });

  it('leaves everything to the next one when it is killed', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    const env = envOf(sink, 'LOGTIDE');
    sink.setFaults({ hang: true }, 'logtide');
    await rig.orphan('logtide', [entry('orphan')]);
    rig.deadLetters('logtide', [{ text: entry('dead'), reason: '400' }]);
    const isSent = (): boolean => sink.counts().logtide.faulted > 0;
    // With --dead it holds the orphan in its hands.
    expect((await interrupted(rig, env, isSent, { args: ['--dead'], signal: 'SIGKILL' })).code).toBe(null);
    sink.setFaults({}, 'logtide');
    const { code, stdout } = await replay(rig, [], { env });
    expect([code, stdout]).toEqual([0, 'logtide: 2 records delivered, 0 dead-lettered again, 0 left\n']);
    expect(messages(sink).sort()).toEqual(['dead', 'orphan']);
  });

  it('waits no longer than it is told to', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    sink.setFaults({ hang: true }, 'logtide');
    await rig.orphan('logtide', [entry('orphan')]);
    const run = await replay(rig, ['--timeout', '0.5s'], { env: envOf(sink, 'LOGTIDE') });
    expect([run.code, run.stdout]).toEqual([1, 'logtide: 0 records delivered, 0 dead-lettered again, 1 left\n']);
  });

  it('leaves a spool of another name alone, and says so', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    const env = envOf(sink, 'LOGTIDE');
    await rig.orphan('logtide', [entry('other')], { name: 'other' });
    const alone = await replay(rig, ['--name', 'shop'], { env });
    expect([alone.code, alone.stdout]).toEqual([1, '']);
    expect(lines(alone.stderr)).toEqual([
      expect.stringMatching(
        /: logtide-[0-9a-f]{8} is left alone: it does not have the spool name "shop" but "other" \(see --name\)$/,
      ),
      'logferry spool: nothing to replay for the spool name "shop"',
    ]);
    await rig.orphan('logtide', [entry('ours')], { name: 'shop' });
    expect(await replay(rig, ['--name', 'shop'], { env })).toMatchObject({ code: 0 });
    expect(messages(sink)).toEqual(['ours']);
  });

  it('says which variables are missing', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    await rig.orphan('logtide', [entry('l')]);
    await rig.orphan('redarch', [redarch('r')]);
    const none = await replay(rig);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(lines(none.stderr)).toEqual([
      'logferry spool: credentials are missing: set LOGTIDE_DSN',
      'logferry spool: credentials are missing: set RARCH_LOGGING_API_KEY',
    ]);
    const one = await replay(rig, [], { env: envOf(sink, 'RARCH') });
    expect([one.code, one.stdout]).toEqual([1, 'redarch: 1 record delivered, 0 dead-lettered again, 0 left\n']);
    expect(lines(one.stderr)).toEqual(['logferry spool: credentials are missing: set LOGTIDE_DSN']);
    const other = await replay(rig, ['--platform', 'redarch'], { env: envOf(sink, 'RARCH') });
    expect(other).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'logferry spool: nothing to replay for no spool name\n',
    });
    expect(messages(sink)).toEqual(['r']);
  });

  it('keeps what is no dead letter of the destination', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    rig.deadLetters('logtide', [
      { text: entry('good'), reason: '400' },
      { text: entry('lane'), reason: '400', lane: 'events' },
    ]);
    const dead = join(rig.destination('logtide'), 'dead');
    fs.appendFileSync(join(dead, 'mjwaid1k-1-0-0000000a-0.jsonl'), '{"torn');
    const { code, stderr } = await replay(rig, [], { env: envOf(sink, 'LOGTIDE') });
    expect([code, messages(sink)]).toEqual([0, ['good']]);
    expect(stderr).toMatch(/-0\.jsonl\.replayed is kept: 2 of its lines are no dead letters of this destination\n$/);
    expect(fs.readdirSync(dead)).toEqual([expect.stringMatching(/-0\.jsonl\.replayed$/)]);
  });

  it('does not call done what it cannot read', async () => {
    const rig = new SpoolRig();
    const sink = await sinkOf();
    const folder = join(rig.destination('logtide'), await rig.orphan('logtide', [entry('good')]));
    fs.writeFileSync(join(folder, '00000001-logs.seg'), frameOf('{"format":"logferry-spool","version":2}'));
    const { code, stdout, stderr } = await interrupted(rig, envOf(sink, 'LOGTIDE'), () => messages(sink).length > 0);
    expect([code, stdout, messages(sink)]).toEqual([
      1,
      'logtide: 1 record delivered, 0 dead-lettered again, 1 left\n',
      ['good'],
    ]);
    expect(stderr).toContain(': 1 segment cannot be read\n');
  });
});
