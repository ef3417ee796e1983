import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { reviveDeadLetters } from '../../src/cli/spool-revive.ts';
import { deadFiles, readDeadLetters } from '../../src/delivery/spool/dead-files.ts';
import { DeadLetterFiles } from '../../src/delivery/spool/dead-letters.ts';
import { nodeFiles, type SpoolFiles } from '../../src/delivery/spool/files.ts';
import { DEAD_FOLDER } from '../../src/delivery/spool/names.ts';
import { ownerFacts } from '../../src/delivery/spool/owner.ts';
import { failing, filesWith } from '../delivery/spool/places.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { faultFiles } from '../support/fault-files.ts';
import { SpoolRig } from './spool-rig.ts';

const WRITER = 'mjwaid1k-7-0-0000000b';
const HOLDER = 'mjwaid1z-8-0-0000000c';

let said: string[];
beforeEach(() => {
  said = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  onTestFinished(() => spy.mockRestore());
});

function setup() {
  const destinationPath = new SpoolRig().destination('logtide');
  const folder = join(destinationPath, DEAD_FOLDER);
  const letters = new DeadLetterFiles({ files: nodeFiles, clock: new FakeClock(), maxBytes: 1_048_576 });
  const write = (text: string): boolean =>
    letters.write(folder, WRITER, { platform: 'logtide', lane: 'logs', reason: '400', text });
  const revive = (files: SpoolFiles = nodeFiles) => {
    const on = { files, clock: new FakeClock(), here: ownerFacts(nodeFiles, 'spool') };
    return reviveDeadLetters({ on, platform: 'logtide', lanes: ['logs'], destinationPath, holder: HOLDER });
  };
  const dead = async (): Promise<string[]> => {
    const read = await Promise.all(deadFiles(nodeFiles, folder).map(({ path }) => readDeadLetters(nodeFiles, path)));
    return read.flatMap((one) => (one.kind === 'ok' ? one.letters.map(({ text }) => text) : []));
  };
  return { destinationPath, folder, write, revive, dead };
}

describe('reviving dead letters', () => {
  it('keeps every one of them when they cannot be written to the spool', async () => {
    const { destinationPath, write, revive, dead } = setup();
    write('{"a":1}');
    write('{"a":2}');
    expect(await revive(faultFiles({ capacityBytes: 0 }))).toEqual({ kind: 'failed', code: 'ENOSPC' });
    expect(await dead()).toEqual(['{"a":1}', '{"a":2}']);
    expect(fs.readdirSync(destinationPath)).toEqual([DEAD_FOLDER]);
    const broken = faultFiles({ faults: [{ on: 'write', path: '.seg', code: 'EIO' }] });
    expect(await revive(broken)).toEqual({ kind: 'failed', code: 'EIO' });
    expect(await dead()).toEqual(['{"a":1}', '{"a":2}']);
    expect(await revive(failing('promises.readFile', 'EIO'))).toEqual({ kind: 'failed', code: 'EIO' });
    expect(await dead()).toEqual(['{"a":1}', '{"a":2}']);
    expect(await revive()).toMatchObject({ kind: 'ok', records: 2 });
    expect(await dead()).toEqual([]);
  });

  it('deletes them only once they are in the spool', async () => {
    const { destinationPath, write, revive } = setup();
    write('{"a":1}');
    const seen: string[][] = [];
    const unlink = async (path: string): Promise<void> => {
      if (path.endsWith('.jsonl')) seen.push(fs.readdirSync(destinationPath));
      await fs.promises.unlink(path);
    };
    await revive(filesWith({ 'promises.unlink': unlink }));
    expect(seen.map((names) => names.filter((name) => name !== DEAD_FOLDER).length)).toEqual([1]);
  });

  it('takes the files from their writers, which go on in new ones', async () => {
    const { write, revive, dead, folder } = setup();
    write('{"a":1}');
    const rename = async (from: string, to: string): Promise<void> => {
      await fs.promises.rename(from, to);
      write('{"a":2}');
    };
    expect(await revive(filesWith({ 'promises.rename': rename }))).toMatchObject({ records: 1 });
    expect([await dead(), fs.readdirSync(folder)]).toEqual([['{"a":2}'], [`${WRITER}-1.jsonl`]]);
  });

  it('deletes nothing that it has not read', async () => {
    const { write, revive, dead } = setup();
    write('{"a":1}');
    const readFile = async (path: string, ...rest: never[]): Promise<unknown> => {
      const read: unknown = await fs.promises.readFile(path, ...rest);
      if (path.endsWith('.jsonl')) fs.appendFileSync(path, fs.readFileSync(path, 'utf8').replace('{"a":1}', '{"a":2}'));
      return read;
    };
    expect(await revive(filesWith({ 'promises.readFile': readFile }))).toMatchObject({ records: 1 });
    expect(await dead()).toEqual(['{"a":1}', '{"a":2}']);
    expect(said).toEqual([expect.stringContaining(`${HOLDER}-0.jsonl has grown; its records will be delivered again`)]);
  });

  it('says when they cannot be deleted', async () => {
    const { write, revive } = setup();
    write('{"a":1}');
    expect(await revive(failing('promises.unlink', 'EACCES'))).toMatchObject({ kind: 'ok', records: 1 });
    expect(said).toEqual([expect.stringContaining('cannot be deleted (EACCES); its records will be delivered again')]);
  });

  it('leaves alone what another one takes first', async () => {
    const { write, revive, dead } = setup();
    write('{"a":1}');
    expect(await revive(failing('promises.rename', 'ENOENT'))).toMatchObject({ kind: 'ok', records: 0 });
    expect(await dead()).toEqual(['{"a":1}']);
  });
});
