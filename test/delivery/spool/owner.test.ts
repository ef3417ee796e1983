import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import type { OwnerFacts, OwnerState, ProcessStat } from '../../../src/delivery/spool/owner.ts';
import { isDead, isNeighbour, ownerFacts, readOwner, readProcess } from '../../../src/delivery/spool/owner.ts';
import { SDK_VERSION } from '../../../src/version.ts';
import { errno, failing, filesWith, givenAway, makeFifo, temporaryDirectory } from './places.ts';

const hasProc = fs.existsSync('/proc/self/stat');
const NO_PROC = filesWith({
  readFileSync: () => {
    throw errno('ENOENT');
  },
  readlinkSync: () => {
    throw errno('ENOENT');
  },
});

/** A /proc made up for the test. */
function procWith(files: Readonly<Record<string, string>>) {
  const read = (path: unknown) => {
    const text = files[String(path)];
    if (text === undefined) throw errno('ENOENT');
    return text;
  };
  return filesWith({
    readFileSync: read,
    readlinkSync: read,
    'promises.readFile': async (path: unknown) => read(path),
  });
}

const stat = (name: string, state: string, startTicks: number) =>
  `4711 (${name}) ${state} ${Array.from({ length: 18 }, (_, index) => index).join(' ')} ${startTicks} 0 0\n`;

describe('the facts of an owner', () => {
  it('are those of this process', () => {
    const facts = ownerFacts(nodeFiles, 'odysseus', 'orders');
    expect(facts).toMatchObject({
      pid: process.pid,
      threadId,
      hostname: hostname(),
      version: SDK_VERSION,
      platform: 'odysseus',
      name: 'orders',
    });
    expect(Object.keys(facts)).toHaveLength(hasProc ? 9 : 6);
    if (!hasProc) return;
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts.pidNamespace).toMatch(/^pid:\[\d+\]$/);
    const fields = fs.readFileSync(`/proc/${process.pid}/stat`, 'utf8').match(/.*\) \S(?: -?\d+){18} (\d+) /s);
    expect(facts.startTicks).toBe(Number(fields?.[1]));
  });

  it('are what there is without /proc, and never an error', () => {
    expect(ownerFacts(NO_PROC, 'odysseus')).toEqual({
      pid: process.pid,
      threadId,
      hostname: hostname(),
      version: SDK_VERSION,
      platform: 'odysseus',
    });
  });

  it('count the fields behind the last bracket, as a process may have any name', () => {
    const files = procWith({
      '/proc/self': String(process.pid),
      '/proc/self/stat': stat(') R 1 2 (node', 'S', 987),
      '/proc/self/ns/pid': 'pid:[7]',
    });
    expect(ownerFacts(files, 'odysseus')).toMatchObject({ startTicks: 987, pidNamespace: 'pid:[7]' });
  });

  it('leave out what a /proc of another namespace says', () => {
    const files = procWith({
      '/proc/self': String(process.pid + 1),
      '/proc/self/stat': stat('node', 'S', 987),
      '/proc/self/ns/pid': 'pid:[7]',
      '/proc/sys/kernel/random/boot_id': 'b\n',
    });
    const facts = ownerFacts(files, 'odysseus');
    expect(facts).toMatchObject({ bootId: 'b' });
    expect(facts).not.toHaveProperty('startTicks');
    expect(facts).not.toHaveProperty('pidNamespace');
  });
});

const HERE: OwnerFacts = {
  pid: 100,
  threadId: 0,
  startTicks: 5_000,
  bootId: 'boot',
  pidNamespace: 'pid:[1]',
  hostname: 'here',
  version: '1',
  platform: 'odysseus',
};
const OWNER: OwnerFacts = { ...HERE, pid: 200, startTicks: 4_000 };
const without = (facts: OwnerFacts, ...keys: (keyof OwnerFacts)[]): OwnerFacts =>
  Object.fromEntries(Object.entries(facts).filter(([key]) => !keys.includes(key as keyof OwnerFacts))) as never;
const owned = (facts: Partial<OwnerFacts>): OwnerState => ({
  kind: 'owned',
  facts: { ...OWNER, ...facts },
  touchedAt: 0,
});
const RUNNING: ProcessStat = { kind: 'running', startTicks: 4_000 };
const REUSED: ProcessStat = { kind: 'running', startTicks: 4_001 };
const MISSING: ProcessStat = { kind: 'missing' };
const UNKNOWN: ProcessStat = { kind: 'unknown' };
const NOW = 0;
const MINUTE = 60_000;
const TEN = 600_000;

describe('an owner is dead', () => {
  it.each<[string, OwnerState, number, ProcessStat, boolean]>([
    ['released', { kind: 'released' }, NOW, UNKNOWN, true],
    ['no owner, for a minute', { kind: 'missing' }, MINUTE, UNKNOWN, false],
    ['no owner, for more than a minute', { kind: 'missing' }, MINUTE + 1, UNKNOWN, true],
    ['not to be understood, touched', { kind: 'unreadable', touchedAt: 0 }, TEN, UNKNOWN, false],
    ['not to be understood, silent', { kind: 'unreadable', touchedAt: 0 }, TEN + 1, UNKNOWN, true],
    ['neighbour, runs', owned({}), NOW, RUNNING, false],
    ['row 52: neighbour, stopped for hours', owned({}), TEN * 100, RUNNING, false],
    ['neighbour, gone', owned({}), NOW, MISSING, true],
    ['row 55: neighbour, its number used again', owned({}), NOW, REUSED, true],
    ['neighbour, cannot be looked up, touched', owned({}), TEN, UNKNOWN, false],
    ['neighbour, cannot be looked up, silent', owned({}), TEN + 1, UNKNOWN, true],
    ['neighbour, thread, touched', owned({ threadId: 3 }), TEN, RUNNING, false],
    ['neighbour, thread, silent', owned({ threadId: 3 }), TEN + 1, RUNNING, true],
    ['neighbour, thread, process gone', owned({ threadId: 3 }), NOW, MISSING, true],
    ['row 55: other container, number not here', owned({ pidNamespace: 'pid:[2]' }), NOW, MISSING, false],
    ['row 55: other container, number another here', owned({ pidNamespace: 'pid:[2]' }), NOW, REUSED, false],
    ['row 55: other container, silent', owned({ pidNamespace: 'pid:[2]' }), TEN + 1, RUNNING, true],
    ['this machine before it started anew', owned({ bootId: 'old' }), MINUTE + 1, RUNNING, true],
    ['row 55: machine of the same name, touched', owned({ bootId: 'old' }), MINUTE, MISSING, false],
    ['row 55: other machine, touched', owned({ bootId: 'old', hostname: 'there' }), TEN, MISSING, false],
    ['other machine, silent', owned({ bootId: 'old', hostname: 'there' }), TEN + 1, MISSING, true],
    ['clock of the other machine ahead', owned({ bootId: 'old', hostname: 'there' }), -TEN * 100, MISSING, false],
  ])('or not: %s', (_, owner, age, process, dead) => {
    expect(isDead(owner, age, HERE, process)).toBe(dead);
  });

  it.each<[string, OwnerFacts, OwnerFacts]>([
    [
      'neither has a /proc',
      without(HERE, 'bootId', 'pidNamespace', 'startTicks'),
      without(OWNER, 'bootId', 'pidNamespace', 'startTicks'),
    ],
    ['only we have one', HERE, without(OWNER, 'bootId', 'pidNamespace', 'startTicks')],
    ['only the owner has one', without(HERE, 'bootId', 'pidNamespace', 'startTicks'), OWNER],
    ['the namespaces are unknown', without(HERE, 'pidNamespace'), without(OWNER, 'pidNamespace')],
    ['the starts of the machine are unknown', without(HERE, 'bootId'), without(OWNER, 'bootId')],
    ['no start is known', HERE, without(OWNER, 'startTicks')],
  ])('by its silence alone when %s', (_, here, facts) => {
    const owner: OwnerState = { kind: 'owned', facts, touchedAt: 0 };
    const stat = isNeighbour(facts, here) ? RUNNING : MISSING;
    expect([isDead(owner, TEN, here, stat), isDead(owner, TEN + 1, here, stat)]).toEqual([false, true]);
  });
});

describe('reading who the owner is', () => {
  const write = (path: string, text: string, name = 'owner.json') => fs.writeFileSync(join(path, name), text);

  it('gives facts and heartbeat, whatever a later version adds', async () => {
    const path = temporaryDirectory();
    write(path, JSON.stringify({ ...OWNER, invention: { of: 2030 } }));
    fs.utimesSync(join(path, 'owner.json'), 1_000, 1_000);
    const owner = await readOwner(nodeFiles, path);
    expect(owner).toEqual({ kind: 'owned', facts: { ...OWNER, invention: { of: 2030 } }, touchedAt: 1_000_000 });
  });

  it('tells released from missing, and an owner.json that is still there from both', async () => {
    const path = temporaryDirectory();
    expect(await readOwner(nodeFiles, path)).toEqual({ kind: 'missing' });
    write(path, '', 'released');
    expect(await readOwner(nodeFiles, path)).toEqual({ kind: 'released' });
    write(path, JSON.stringify(OWNER));
    expect(await readOwner(nodeFiles, path)).toMatchObject({ kind: 'owned' });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '\0\0\0',
    '{}',
    JSON.stringify({ ...OWNER, pid: '1' }),
    JSON.stringify({ ...OWNER, pid: -1 }),
    JSON.stringify({ ...OWNER, pid: 1.5 }),
    JSON.stringify({ ...OWNER, pid: '../../etc/passwd' }),
    JSON.stringify({ ...OWNER, threadId: null }),
    JSON.stringify({ ...OWNER, hostname: 7 }),
    JSON.stringify({ ...OWNER, startTicks: '4000' }),
    JSON.stringify({ ...OWNER, bootId: {} }),
    JSON.stringify({ ...OWNER, pidNamespace: 1 }),
    JSON.stringify({ ...OWNER, name: 'x'.repeat(65_536) }),
  ])('does not understand %.40j', async (text) => {
    const path = temporaryDirectory();
    write(path, text);
    expect(await readOwner(nodeFiles, path)).toMatchObject({ kind: 'unreadable', touchedAt: expect.any(Number) });
  });

  it('row 81: follows no link, waits for no FIFO, enters no directory', async () => {
    const path = temporaryDirectory();
    const file = join(path, 'owner.json');
    write(path, JSON.stringify(OWNER), 'elsewhere.json');
    fs.symlinkSync('elsewhere.json', file);
    expect(await readOwner(nodeFiles, path)).toMatchObject({ kind: 'unreadable' });
    fs.unlinkSync(file);
    makeFifo(file);
    expect(await readOwner(nodeFiles, path)).toMatchObject({ kind: 'unreadable' });
    fs.unlinkSync(file);
    fs.mkdirSync(file);
    expect(await readOwner(nodeFiles, path)).toMatchObject({ kind: 'unreadable' });
  });

  it('row 81: follows no link that is planted after the look', async () => {
    const path = temporaryDirectory();
    write(path, JSON.stringify(OWNER), 'elsewhere.json');
    fs.symlinkSync('elsewhere.json', join(path, 'owner.json'));
    const files = filesWith({ 'promises.lstat': fs.promises.stat });
    expect(await readOwner(files, path)).toEqual({ kind: 'failed', code: 'ELOOP' });
  });

  it('row 83: believes nobody else', async () => {
    const path = temporaryDirectory();
    write(path, JSON.stringify(OWNER));
    expect(await readOwner(givenAway(join(path, 'owner.json')), path)).toMatchObject({ kind: 'unreadable' });
  });

  it.each(['EMFILE', 'EIO', 'EACCES'])('says that it could not: %s', async (code) => {
    const path = temporaryDirectory();
    const ended = { kind: 'failed', code };
    expect(await readOwner(failing('promises.lstat', code), path)).toEqual(ended);
    expect(
      await readOwner(
        failing('promises.lstat', code, (file) => file.endsWith('released')),
        path,
      ),
    ).toEqual(ended);
    write(path, JSON.stringify(OWNER));
    expect(await readOwner(failing('promises.readFile', code), path)).toEqual(ended);
  });
});

describe('looking a process up', () => {
  it.runIf(hasProc)('finds this one, and not one that has ended', async () => {
    const { startTicks } = ownerFacts(nodeFiles, 'odysseus');
    expect(await readProcess(nodeFiles, process.pid)).toEqual({ kind: 'running', startTicks });
    const ended = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    expect(await readProcess(nodeFiles, ended)).toEqual({ kind: 'missing' });
  });

  it.each(['Z', 'X', 'x'])('takes one that only waits to be buried (%s) for gone', async (state) => {
    const files = procWith({ '/proc/7/stat': stat('node', state, 1) });
    expect(await readProcess(files, 7)).toEqual({ kind: 'missing' });
  });

  it.each(['R', 'S', 'D', 'T', 't'])('takes any other (%s) for alive', async (state) => {
    const files = procWith({ '/proc/7/stat': stat('node', state, 1) });
    expect(await readProcess(files, 7)).toEqual({ kind: 'running', startTicks: 1 });
  });

  it('says when it cannot tell', async () => {
    expect(await readProcess(procWith({ '/proc/7/stat': 'nonsense' }), 7)).toEqual({ kind: 'unknown' });
    expect(await readProcess(failing('promises.readFile', 'ESRCH'), 7)).toEqual({ kind: 'missing' });
    expect(await readProcess(failing('promises.readFile', 'EMFILE'), 7)).toEqual({ kind: 'failed', code: 'EMFILE' });
  });
});
