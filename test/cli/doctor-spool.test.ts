import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpoolFiles } from '../../src/delivery/spool/files.ts';
import { nodeFiles } from '../../src/delivery/spool/files.ts';
import { errno, failing, filesWith } from '../delivery/spool/places.ts';
import { type Env, examined, LOGTIDE_KEY } from './doctor-rig.ts';
import { SpoolRig, temporary, tree } from './spool-rig.ts';

const LOGTIDE: Env = { LOGTIDE_API_URL: 'https://logs.example.com', LOGTIDE_API_KEY: LOGTIDE_KEY };

async function spoolOf(
  directory: string | undefined,
  { files = nodeFiles, env = {} }: { files?: SpoolFiles; env?: Env } = {},
) {
  const where: Env = directory === undefined ? {} : { LOGFERRY_SPOOL_DIR: directory };
  const { of } = await examined({ env: { ...LOGTIDE, ...where, ...env }, files }, { offline: true });
  return of('spool');
}

/** A disk with this many bytes free of this many. */
function disk(free: number, total: number, type = 0xef53): SpoolFiles {
  const stats = { bavail: free / 4_096, blocks: total / 4_096, bsize: 4_096, type };
  return filesWith({ statfsSync: () => stats, 'promises.statfs': async () => stats });
}

const GIB = 2 ** 30;

describe('logferry doctor, spool', () => {
  it('says that records wait in memory only', async () => {
    const found = await spoolOf(undefined);
    expect(Object.keys(found)).toEqual(['DR040']);
    expect(found.DR040).toMatchObject({ status: 'ok', details: { directory: null } });
    expect(found.DR040?.what).toContain('memory only');
  });

  it('finds a good directory well, whether it is there or not, and leaves nothing in it', async () => {
    const directory = join(temporary(), 'a', 'spool');
    const before = await spoolOf(directory, { files: disk(10 * GIB, 100 * GIB) });
    expect(Object.values(before).map(({ code, status }) => `${code} ${status}`)).toEqual([
      ...['DR040 ok', 'DR041 ok', 'DR042 ok', 'DR043 ok', 'DR044 ok', 'DR045 skipped', 'DR046 skipped'],
    ]);
    expect(before.DR041?.what).toContain('will be made');
    expect(fs.existsSync(dirname(directory))).toBe(false);
    const rig = new SpoolRig();
    const after = await spoolOf(rig.directory, { files: disk(10 * GIB, 100 * GIB) });
    expect(Object.values(after).every(({ status }) => status === 'ok')).toBe(true);
    expect(after.DR041?.what).toContain('belongs to this user alone');
    expect(fs.readdirSync(rig.directory)).toEqual(['logferry-v1']);
  });

  it('says what is wrong with a directory that a process would not use', async () => {
    const loose = temporary();
    fs.chmodSync(loose, 0o777);
    expect((await spoolOf(loose)).DR041).toMatchObject({ status: 'error', details: { code: 'writable_by_others' } });
    expect(fs.statSync(loose).mode & 0o777).toBe(0o777);
    const file = join(temporary(), 'file');
    fs.writeFileSync(file, '');
    const found = await spoolOf(file);
    expect(found.DR041).toMatchObject({ status: 'error', details: { code: 'ENOTDIR' } });
    expect(found.DR041?.fix).toBe('remove it or name another one');
    expect(found.DR042?.status).toBe('skipped');
  });

  it('would close what others can look into, and does not do so itself', async () => {
    const rig = new SpoolRig();
    fs.chmodSync(rig.root, 0o755);
    const found = await spoolOf(rig.directory);
    expect(found.DR041).toMatchObject({ status: 'ok' });
    expect(found.DR041?.what).toContain('will be closed to other users');
    expect(fs.statSync(rig.root).mode & 0o777).toBe(0o755);
  });

  it.each(['EROFS', 'EACCES', 'ENOSPC', 'EDQUOT'])('says that nothing can be written (%s)', async (code) => {
    const { directory } = new SpoolRig();
    const files = failing('openSync', code, (path) => path.includes('.logferry-doctor-'));
    const found = await spoolOf(directory, { files });
    expect(found.DR042).toMatchObject({ status: 'error', details: { code, directory } });
    expect(found.DR042?.fix).toContain('until then records wait in memory');
  });

  it('takes a short write for a full disk, and removes the rest', async () => {
    const { directory } = new SpoolRig();
    const found = await spoolOf(directory, { files: filesWith({ writeSync: () => 100 }) });
    expect(found.DR042).toMatchObject({ status: 'error', details: { code: 'ENOSPC' } });
    expect(fs.readdirSync(directory)).toEqual(['logferry-v1']);
  });

  it('reads a real directory that cannot be written to', async () => {
    // Nobody, root included, makes a folder there.
    const found = await spoolOf('/proc/logferry-spool');
    expect(found.DR042).toMatchObject({ status: 'error', details: { directory: '/proc' } });
  });

  it('compares what is free with what the spool may take', async () => {
    const { directory } = new SpoolRig();
    const space = async (free: number, total: number, size = '256mb') =>
      (await spoolOf(directory, { files: disk(free, total), env: { LOGFERRY_SPOOL_SIZE: size } })).DR043;
    expect(await space(10 * GIB, 100 * GIB)).toMatchObject({ status: 'ok', details: { freeBytes: 10 * GIB } });
    expect(await space(0.3 * GIB, 100 * GIB)).toMatchObject({ status: 'warning' });
    expect((await space(0.3 * GIB, 100 * GIB))?.what).toContain('the disk is full before the spool is');
    expect(await space(0.1 * GIB, 100 * GIB)).toMatchObject({ status: 'error' });
    // A tenth of a small disk is enough.
    expect(await space(0.1 * GIB, 0.5 * GIB, '16mb')).toMatchObject({ status: 'ok' });
    const silent = filesWith({ 'promises.statfs': () => Promise.reject(errno('ENOSYS')) });
    expect((await spoolOf(directory, { files: silent })).DR043?.what).toContain('does not say');
  });

  it('warns of a network file system', async () => {
    const { directory } = new SpoolRig();
    expect((await spoolOf(directory, { files: disk(10 * GIB, 100 * GIB, 0x6969) })).DR044?.status).toBe('warning');
    expect((await spoolOf(directory, { files: disk(10 * GIB, 100 * GIB) })).DR044?.status).toBe('ok');
  });

  it('counts what waits, for whom, and what was refused, and changes nothing', async () => {
    const rig = new SpoolRig();
    await rig.orphan('logtide', ['{"n":1}', '{"n":2}'], { name: 'shop' });
    await rig.living('trakerr', ['{"n":3}'], 'shop');
    rig.deadLetters('redarch', [
      { text: '{"n":4}', reason: '400' },
      { text: '{"n":5}', reason: '400' },
    ]);
    const before = tree(rig.directory);
    const found = await spoolOf(rig.directory);
    expect(tree(rig.directory)).toEqual(before);
    expect(found.DR045).toMatchObject({ status: 'warning' });
    expect(found.DR045?.what).toMatch(/2 records for logtide-\w+ \("shop"\), .*2 of them left by dead processes/);
    expect(found.DR045?.what).toMatch(/1 record for trakerr-\w+ \("shop"\)/);
    expect(found.DR046).toMatchObject({
      status: 'warning',
      what: '2 dead letters of redarch',
      details: { destinations: [{ destination: 'redarch', deadLetters: 2, damagedFiles: 0 }] },
    });
    expect(found.DR046?.fix).toContain('spool show --dead');
  });

  it('has nothing against records of a process that lives', async () => {
    const rig = new SpoolRig();
    await rig.living('trakerr', ['{"n":3}'], 'shop');
    expect((await spoolOf(rig.directory)).DR045).toMatchObject({ status: 'ok' });
  });

  it('warns before the oldest records are dropped', async () => {
    const rig = new SpoolRig();
    await rig.orphan(
      'logtide',
      Array.from({ length: 400 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(200) })),
    );
    const used = (await spoolOf(rig.directory)).DR043?.details.usedBytes as number;
    const env = { LOGFERRY_SPOOL_SIZE: `${Math.ceil(used / 0.95)}b` };
    const found = await spoolOf(rig.directory, { files: disk(10 * GIB, 100 * GIB), env });
    expect(found.DR043).toMatchObject({ status: 'warning' });
    expect(found.DR043?.what).toContain('about to be dropped');
  });
});
