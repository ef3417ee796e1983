import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { freeBytes, measureUsage } from '../../../src/delivery/spool/usage.ts';
import { failing, filesWith, givenAway, makeFifo, openPlaces, temporaryDirectory } from './places.ts';

const A = 'mjwaid1k-1-0-0000000a';
const B = 'mjwaid1k-2-0-0000000b';
const C = 'mjwaid1k-3-0-0000000c';

/** Writes files of so many bytes, making their folders. */
function fill(path: string, files: Readonly<Record<string, number>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(join(path, name, '..'), { recursive: true });
    fs.writeFileSync(join(path, name), Buffer.alloc(bytes));
  }
}

const usage = (ownBytes: number, othersBytes: number) => ({
  kind: 'ok',
  totalBytes: ownBytes + othersBytes,
  ownBytes,
  othersBytes,
});

describe('the bytes under the root', () => {
  it('are those of all destinations, with the own instance apart', async () => {
    const { root } = openPlaces();
    fill(root, {
      [`odysseus/${A}/00000000-logs.seg`]: 1,
      [`odysseus/${A}/00000000-logs.ack`]: 2,
      [`odysseus/${A}/00000001-events.seg.gz`]: 4,
      [`odysseus/${A}.adopt-${C}/00000000-logs.seg`]: 8,
      [`odysseus/${B}/00000000-logs.seg`]: 16,
      [`odysseus/${B}.adopt-${A}/00000000-logs.seg`]: 32,
      'odysseus/dead/00000000.jsonl': 64,
      [`loggier/${A}/00000000-logs.seg`]: 128,
      'loggier/dead/anything': 256,
    });
    expect(await measureUsage(nodeFiles, root)).toEqual(usage(0, 511));
    expect(await measureUsage(nodeFiles, root, join(root, 'odysseus', A))).toEqual(usage(15, 496));
    expect(await measureUsage(nodeFiles, root, join(root, 'odysseus', B))).toEqual(usage(48, 463));
    expect(await measureUsage(nodeFiles, root, join(root, 'loggier', B))).toEqual(usage(0, 511));
  });

  it('row 45: are not those of foreign files', async () => {
    const { root, destination } = openPlaces();
    fill(root, {
      'stray.seg': 1,
      'odysseus/00000000-logs.seg': 2,
      'odysseus/notes/00000000-logs.seg': 4,
      [`odysseus/.new-${B}/00000000-logs.seg`]: 8,
      [`odysseus/${A}/owner.json`]: 16,
      [`odysseus/${A}/.DS_Store`]: 32,
      [`odysseus/${A}/00000000-logs.seg/inside.seg`]: 64,
      [`odysseus/${A}/00000001-logs.seg`]: 128,
      'odysseus/dead/folder/x': 256,
    });
    expect(await measureUsage(nodeFiles, root)).toEqual(usage(0, 128));
    expect(fs.existsSync(join(destination, 'notes', '00000000-logs.seg'))).toBe(true);
  });

  it('row 81: are not those behind links, and a FIFO holds nobody up', async () => {
    const { root, destination } = openPlaces();
    const elsewhere = temporaryDirectory();
    fill(elsewhere, { [`${A}/00000000-logs.seg`]: 1, [`odysseus/${A}/00000000-logs.seg`]: 2, big: 4 });
    fs.symlinkSync(join(elsewhere, 'odysseus'), join(root, 'link'));
    fs.symlinkSync(join(elsewhere, A), join(destination, A));
    fs.symlinkSync(elsewhere, join(destination, 'dead'));
    fs.mkdirSync(join(destination, B));
    fs.symlinkSync(join(elsewhere, 'big'), join(destination, B, '00000000-logs.seg'));
    makeFifo(join(destination, B, '00000001-logs.seg'));
    makeFifo(join(destination, C));
    expect(await measureUsage(nodeFiles, root)).toEqual(usage(0, 0));
  });

  it('row 88: are not those of another user', async () => {
    const { root, destination } = openPlaces();
    fill(destination, { [`${A}/00000000-logs.seg`]: 1, [`${A}/00000001-logs.seg`]: 2, [`${B}/00000000-logs.seg`]: 4 });
    const segment = givenAway(join(destination, A, '00000001-logs.seg'));
    expect(await measureUsage(segment, root)).toEqual(usage(0, 5));
    const folder = givenAway(join(destination, B), segment);
    expect(await measureUsage(folder, root)).toEqual(usage(0, 1));
  });

  it('do without what vanishes on the way', async () => {
    const { root, destination } = openPlaces();
    fill(destination, { [`${A}/00000000-logs.seg`]: 1, [`${A}/00000001-logs.seg`]: 2, [`${B}/00000000-logs.seg`]: 4 });
    const vanishing = filesWith({
      'promises.lstat': async (path: string) => {
        if (path.endsWith('00000000-logs.seg')) fs.unlinkSync(path);
        return fs.promises.lstat(path);
      },
      'promises.readdir': async (path: string) => {
        if (path.endsWith(B)) fs.rmSync(path, { recursive: true });
        return fs.promises.readdir(path);
      },
    });
    expect(await measureUsage(vanishing, root)).toEqual(usage(0, 2));
    fs.rmSync(root, { recursive: true });
    expect(await measureUsage(nodeFiles, root)).toEqual(usage(0, 0));
  });

  it('do without what cannot be looked at', async () => {
    const { root, destination } = openPlaces();
    fill(destination, { [`${A}/00000000-logs.seg`]: 1, [`${B}/00000000-logs.seg`]: 4 });
    const files = failing('promises.readdir', 'EACCES', (path) => path.endsWith(A));
    expect(await measureUsage(files, root)).toEqual(usage(0, 4));
  });

  it.each(['EMFILE', 'ENFILE'])('are unknown rather than wrong without descriptors: %s', async (code) => {
    const { root, destination } = openPlaces();
    fill(destination, { [`${A}/00000000-logs.seg`]: 1, [`${B}/00000000-logs.seg`]: 4 });
    const files = failing('promises.readdir', code, (path) => path.endsWith(A));
    expect(await measureUsage(files, root)).toEqual({ kind: 'failed', code });
  });

  it('row 46: take two looks at a time at most, however many folders there are', async () => {
    const { root, destination } = openPlaces();
    for (let index = 0; index < 300; index += 1) {
      const name = `mjwaid1k-${index}-0-0000000a`;
      fill(destination, { [`${name}/00000000-logs.seg`]: 10, [`${name}/00000000-logs.ack`]: 1 });
    }
    let looking = 0;
    let most = 0;
    const counted =
      <A extends unknown[], R>(real: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        looking += 1;
        most = Math.max(most, looking);
        return real(...args).finally(() => {
          looking -= 1;
        });
      };
    const files = filesWith({
      'promises.lstat': counted((path: string) => fs.promises.lstat(path)),
      'promises.readdir': counted((path: string) => fs.promises.readdir(path)),
    });
    expect(await measureUsage(files, root)).toEqual(usage(0, 3_300));
    expect(most).toBe(2);
  });
});

describe('the room on the file system', () => {
  it('is what the system says', async () => {
    const path = temporaryDirectory();
    const { blocks, bsize } = fs.statfsSync(path);
    const room = await freeBytes(nodeFiles, path);
    expect(room?.total).toBe(blocks * bsize);
    expect(room?.free).toBeGreaterThan(0);
    const files = filesWith({ 'promises.statfs': async () => ({ bsize: 4_096, blocks: 10, bfree: 7, bavail: 5 }) });
    expect(await freeBytes(files, path)).toEqual({ free: 20_480, total: 40_960 });
  });

  it('is unknown when the system does not say', async () => {
    const path = temporaryDirectory();
    expect(await freeBytes(nodeFiles, join(path, 'nothing'))).toBeUndefined();
    expect(await freeBytes(failing('promises.statfs', 'ENOSYS'), path)).toBeUndefined();
    const zeros = filesWith({ 'promises.statfs': async () => ({ bsize: 4_096, blocks: 0, bfree: 0, bavail: 0 }) });
    expect(await freeBytes(zeros, path)).toBeUndefined();
    const full = filesWith({ 'promises.statfs': async () => ({ bsize: 4_096, blocks: 10, bfree: 1, bavail: 0 }) });
    expect(await freeBytes(full, path)).toEqual({ free: 0, total: 40_960 });
  });
});
