import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lines, SpoolRig, tree } from './spool-rig.ts';

const DAY = 86_400_000;

/** Two destinations with everything that can be in them. */
async function filled() {
  const rig = new SpoolRig();
  const redarch = rig.destination('redarch');
  const released = await rig.orphan('redarch', ['{"a":1}', '{"a":2}']);
  const killed = await rig.killed('redarch', ['{"a":3}']);
  const living = await rig.living('redarch', ['{"a":4}']);
  const other = await rig.orphan('logtide', ['{"b":1}'], { name: 'shop' });
  rig.deadLetters('redarch', [{ text: '{}', reason: '400' }]);
  rig.deadLetters('redarch', [{ text: '{}', reason: '400' }]);
  fs.writeFileSync(join(redarch, 'dead', `${released}-00000004-logs.seg.bad`), Buffer.alloc(2_000));
  fs.writeFileSync(join(redarch, 'dead', 'notes.txt'), '');
  const dead = [1, 2].map((n) => `mjwaid1k-${n}-0-0000000a-0.jsonl`);
  return { rig, redarch, released, killed, living, other, dead };
}

const age = (path: string, millis: number): void =>
  fs.utimesSync(path, (Date.now() - millis) / 1_000, (Date.now() - millis) / 1_000);

describe('logferry spool purge', () => {
  it('without --yes only says what it would delete', async () => {
    const { rig, released, killed, dead } = await filled();
    const before = tree(rig.directory);
    const { code, stdout, stderr } = await rig.run(['purge', '--all', '--platform', 'redarch']);
    expect([code, stderr]).toEqual([1, 'logferry spool: nothing was deleted; add --yes to do it\n']);
    expect(lines(stdout).map((line) => line.split(': ')[0])).toEqual([
      ...dead.map((name) => `would delete redarch/dead/${name}`),
      `would delete redarch/dead/${released}-00000004-logs.seg.bad`,
      `would delete redarch/${released}`,
      `would delete redarch/${killed}`,
    ]);
    expect(stdout).toMatch(/0000000a-0.jsonl: dead letters, \d+ B\n/);
    expect(stdout).toMatch(/seg.bad: damaged file, 2.0 kB\n/);
    expect(stdout).toMatch(new RegExp(`${released}: 2 records, \\d+ B, oldest \\d+ s\n`));
    expect(tree(rig.directory)).toEqual(before);
  });

  it('deletes dead letters and damaged files', async () => {
    const { rig, redarch, released, killed, living, other } = await filled();
    const { code, stdout, stderr } = await rig.run(['purge', '--dead', '--yes']);
    expect([code, stderr, lines(stdout).length]).toEqual([0, '', 3]);
    expect(stdout).toMatch(/^deleted redarch\/dead\//);
    expect(fs.readdirSync(join(redarch, 'dead'))).toEqual(['notes.txt']);
    expect(fs.readdirSync(redarch).sort()).toEqual([released, killed, living, 'dead'].sort());
    expect(lines((await rig.run(['show'])).stdout)).toHaveLength(5);
    expect(other).not.toBe('');
  });

  it('deletes what dead owners have left, and nothing of living ones', async () => {
    const { rig, redarch, living, dead } = await filled();
    // What the living one has taken over is its own; what a vanished one has taken over is nobody's.
    const adopted = `${living}.adopt-mjwaid1k-9-0-0000000f`;
    fs.mkdirSync(join(redarch, adopted));
    fs.writeFileSync(join(redarch, adopted, '00000000-logs.seg'), '');
    fs.mkdirSync(join(redarch, 'mjwaid1k-8-0-0000000f.adopt-mjwaid1k-9-0-0000000e'));
    const before = tree(join(redarch, living));
    const { code, stdout, stderr } = await rig.run(['purge', '--orphans', '--yes']);
    expect([code, stderr, lines(stdout).length]).toEqual([0, '', 4]);
    expect(fs.readdirSync(redarch).sort()).toEqual([living, adopted, 'dead'].sort());
    expect(tree(join(redarch, living))).toEqual(before);
    expect(fs.readdirSync(join(redarch, adopted))).toEqual(['00000000-logs.seg']);
    expect(fs.readdirSync(join(redarch, 'dead'))).toEqual(expect.arrayContaining(dead));
    expect(fs.readdirSync(rig.destination('logtide', 'shop'))).toEqual([]);
  });

  it('deletes only what is old enough, and of the platform that was named', async () => {
    const { rig, redarch, released, killed, living, other, dead } = await filled();
    age(join(redarch, 'dead', dead[0] as string), 8 * DAY);
    const similar = await rig.orphan('redarchive', ['{"c":1}']);
    age(join(rig.destination('redarchive'), similar, '00000000-logs.seg'), 8 * DAY);
    age(join(redarch, released, '00000000-logs.seg'), 8 * DAY);
    age(join(redarch, killed, '00000000-logs.seg'), 6 * DAY);
    age(join(rig.destination('logtide', 'shop'), other, '00000000-logs.seg'), 8 * DAY);
    const { code, stdout } = await rig.run(['purge', '--all', '--older-than', '7d', '--platform', 'redarch', '--yes']);
    expect([code, lines(stdout).length]).toEqual([0, 2]);
    expect(fs.readdirSync(redarch).sort()).toEqual([killed, living, 'dead'].sort());
    expect(fs.readdirSync(join(redarch, 'dead'))).not.toContain(dead[0]);
    expect(fs.readdirSync(join(redarch, 'dead'))).toContain(dead[1]);
    expect(fs.readdirSync(rig.destination('logtide', 'shop'))).toEqual([other]);
    expect(fs.readdirSync(rig.destination('redarchive'))).toEqual([similar]);
  });

  it('says what it cannot delete, and leaves files that are not of the spool', async () => {
    const { rig, redarch, released } = await filled();
    fs.writeFileSync(join(redarch, released, 'mine.txt'), 'kept');
    const { code, stdout, stderr } = await rig.run(['purge', '--orphans', '--yes']);
    expect([code, lines(stdout).length]).toEqual([1, 2]);
    expect(stderr).toBe(
      `logferry spool: redarch/${released} is not deleted: there are files in it that are not of the spool\n`,
    );
    expect(Object.values(tree(rig.root))).toContain('kept');
    const again = await rig.run(['purge', '--orphans', '--yes']);
    expect([again.code, Object.values(tree(rig.root)).includes('kept')]).toEqual([1, true]);
  });

  it('says when there is nothing, or no such destination', async () => {
    const { rig } = await filled();
    const nothing = await rig.run(['purge', '--all', '--older-than', '1d']);
    expect(nothing).toEqual({ code: 0, stdout: '', stderr: 'logferry spool: nothing to delete\n' });
    const wrong = await rig.run(['purge', '--all', '--platform', 'redarhc']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean redarch?') });
  });
});
