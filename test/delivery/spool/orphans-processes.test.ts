import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { adoptedName, instanceName, parseInstance } from '../../../src/delivery/spool/names.ts';
import { findOrphans } from '../../../src/delivery/spool/orphans.ts';
import { ownerFacts } from '../../../src/delivery/spool/owner.ts';
import { createInstance, isStillOurs } from '../../../src/delivery/spool/root.ts';
import { openPlaces } from './places.ts';

const DIST = new URL('../../../dist/', import.meta.url);

/** Takes an instance of its own; then does what it is told: list, adopt all that is listed, or nothing. */
const CHILD = `
const from = (name) => import(new URL(name, ${JSON.stringify(DIST.href)}));
const { systemClock } = await from('clock.js');
const { nodeFiles } = await from('delivery/spool/files.js');
const { ownerFacts } = await from('delivery/spool/owner.js');
const { createInstance, releaseInstance } = await from('delivery/spool/root.js');
const { adoptOrphan, findOrphans } = await from('delivery/spool/orphans.js');
const [destination] = process.argv.slice(-1);
const facts = ownerFacts(nodeFiles, 'odysseus');
const made = createInstance(nodeFiles, destination, facts, systemClock);
const listed = [];
process.on('message', async (wish) => {
  if (wish === 'release') process.send({ released: releaseInstance(nodeFiles, made.path) });
  if (wish === 'list') {
    for await (const finding of findOrphans(nodeFiles, destination, made.instance, facts, systemClock)) listed.push(finding);
    process.send({ listed: listed.length });
  }
  if (wish === 'adopt') {
    const adoptions = [];
    for (const { folder } of listed) adoptions.push(await adoptOrphan(nodeFiles, destination, folder, made.instance));
    process.send({ adoptions });
  }
});
process.send(made);
`;

async function child(destination: string): Promise<{ process: ChildProcess; instance: string }> {
  const stdio: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc'];
  const started = spawn(process.execPath, ['--input-type=module', '-e', CHILD, '--', destination], { stdio });
  onTestFinished(() => end(started));
  const [{ instance }] = (await once(started, 'message')) as [{ instance: string }];
  return { process: started, instance };
}

/** Kills it as the kernel would, and waits until it is no process any more. */
async function end(started: ChildProcess): Promise<void> {
  if (started.exitCode !== null || started.signalCode !== null) return;
  const exit = once(started, 'exit');
  started.kill('SIGKILL');
  await exit;
}

async function tell<T>(started: ChildProcess, wish: string): Promise<T> {
  const answer = once(started, 'message');
  started.send(wish);
  const [message] = (await answer) as [T];
  return message;
}

function newInstance(destination: string) {
  const made = createInstance(nodeFiles, destination, ownerFacts(nodeFiles, 'odysseus'), systemClock);
  if (made.kind !== 'ok') throw new Error(made.code);
  return made;
}

async function orphansOf(destination: string, own: string): Promise<readonly string[]> {
  const found: string[] = [];
  const here = ownerFacts(nodeFiles, 'odysseus');
  for await (const finding of findOrphans(nodeFiles, destination, own, here, systemClock)) {
    found.push(finding.kind === 'orphan' ? finding.folder : finding.code);
  }
  return found;
}

describe.runIf(fs.existsSync('/proc/self/stat'))('orphans of real processes', () => {
  it('row 54: of 100, each is adopted exactly once by 6 processes that all want them all', async () => {
    const { destination } = openPlaces();
    const orphans = Array.from({ length: 100 }, (_, index) =>
      instanceName({ wallMillis: index, pid: 1, threadId: 0, random: index.toString(16).padStart(8, '0') }),
    );
    for (const name of orphans) {
      fs.mkdirSync(join(destination, name), { mode: 0o700 });
      fs.writeFileSync(join(destination, name, 'released'), '');
      fs.writeFileSync(join(destination, name, '00000000-logs.seg'), name);
    }
    const racers = await Promise.all(Array.from({ length: 6 }, () => child(destination)));
    // All have seen all before the first one takes any, so the race is certain.
    const seen = await Promise.all(racers.map((racer) => tell<{ listed: number }>(racer.process, 'list')));
    expect(seen).toEqual(Array.from({ length: 6 }, () => ({ listed: 100 })));
    type Adoptions = { adoptions: readonly { kind: string; path?: string }[] };
    const results = await Promise.all(racers.map((racer) => tell<Adoptions>(racer.process, 'adopt')));
    const all = results.flatMap(({ adoptions }) => adoptions);
    expect(all.filter(({ kind }) => kind === 'adopted')).toHaveLength(100);
    expect(all.filter(({ kind }) => kind === 'lost')).toHaveLength(500);
    const folders = fs.readdirSync(destination).map((folder) => ({ folder, parsed: parseInstance(folder) }));
    const owned = folders.flatMap(({ parsed }) => (parsed?.kind === 'adopted' ? [parsed.original] : []));
    expect(owned.sort()).toEqual([...orphans].sort());
    for (const { folder, parsed } of folders) {
      if (parsed?.kind !== 'adopted') continue;
      expect(fs.readFileSync(join(destination, folder, '00000000-logs.seg'), 'utf8')).toBe(parsed.original);
    }
  });

  it('are those that were killed, with all they had adopted, and not those that live or stand still', async () => {
    const { destination } = openPlaces();
    const own = newInstance(destination);
    const original = instanceName({ wallMillis: 1, pid: 1, threadId: 0, random: '00000000' });
    fs.mkdirSync(join(destination, original), { mode: 0o700 });
    fs.writeFileSync(join(destination, original, 'released'), '');
    const one = await child(destination);
    await tell(one.process, 'list');
    await tell(one.process, 'adopt');
    const two = await child(destination);
    two.process.kill('SIGSTOP');
    expect(await orphansOf(destination, own.instance)).toEqual([]);
    await end(one.process);
    expect(await orphansOf(destination, own.instance)).toEqual([adoptedName(one.instance, original), one.instance]);
    await end(two.process);
    expect(await orphansOf(destination, own.instance)).toContain(two.instance);
  });

  it('are those that were released, at once, though the process lives', async () => {
    const { destination } = openPlaces();
    const own = newInstance(destination);
    const one = await child(destination);
    expect(await tell(one.process, 'release')).toEqual({ released: { kind: 'ok' } });
    expect(await orphansOf(destination, own.instance)).toEqual([one.instance]);
  });

  it('row 52: an owner that another took for dead finds out', async () => {
    const { destination } = openPlaces();
    const own = newInstance(destination);
    // To others it looks like one of another machine, silent for an hour.
    const file = join(own.path, 'owner.json');
    fs.writeFileSync(file, JSON.stringify({ ...ownerFacts(nodeFiles, 'odysseus'), bootId: 'x', hostname: 'there' }));
    const hourAgo = Date.now() / 1_000 - 3_600;
    fs.utimesSync(file, hourAgo, hourAgo);
    const one = await child(destination);
    expect(isStillOurs(nodeFiles, own.path, own.ino, own.dev)).toBe(true);
    expect(await tell(one.process, 'list')).toEqual({ listed: 1 });
    await tell(one.process, 'adopt');
    expect(isStillOurs(nodeFiles, own.path, own.ino, own.dev)).toBe(false);
    expect(fs.readdirSync(destination).sort()).toEqual([one.instance, adoptedName(one.instance, own.instance)].sort());
  });
});
