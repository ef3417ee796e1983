import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { entry, lines, logferry, type Run, sendLogtide, startJson } from './sink-rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'logferry-sink-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const name = 'node:sqlite';
const hasSqlite = await import(name).then(
  () => true,
  () => false,
);

/** Entries that a sink's reading endpoint gives. */
async function messages(run: Awaited<ReturnType<typeof startJson>>): Promise<readonly string[]> {
  const { url, env } = run.listening;
  const answer = await fetch(`${url}/api/v1/logs?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z`, {
    headers: { 'x-api-key': env.LOGTIDE_API_KEY ?? '' },
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { logs: { message: string }[] }).logs.map(({ message }) => message);
}

async function stop({ child, exit }: Run): Promise<Awaited<Run['exit']>> {
  child.kill('SIGTERM');
  return exit;
}

describe('logferry sink', () => {
  it('answers reading without printing more than before', async () => {
    const run = await startJson();
    const { url, env } = run.listening;
    await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [entry]);
    expect(await messages(run)).toEqual(['stock is low']);
    expect((await fetch(`${url}/api/v1/logs`)).status).toBe(401);
    const { code, stdout, stderr } = await stop(run);
    expect([code, lines(stdout).length]).toEqual([0, 2]);
    expect(stderr).toMatch(/^logtide +1 +1 +0 +0$/m);
  });

  it('ends with live tails open', async () => {
    const run = await startJson();
    const { url, env } = run.listening;
    const answer = await fetch(`${url}/api/v1/logs/stream`, { headers: { 'x-api-key': env.LOGTIDE_API_KEY ?? '' } });
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^data: \{"type":"connected"/);
    expect((await stop(run)).code).toBe(0);
    await expect(reader?.read()).rejects.toThrow();
  });

  if (hasSqlite) {
    it('keeps entries in a file with --db', async () => {
      const file = join(folder, 'entries.db');
      const first = await startJson(['--db', file]);
      const { url, env } = first.listening;
      await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [entry]);
      expect((await stop(first)).code).toBe(0);
      const second = await startJson(['--db', file]);
      expect(await messages(second)).toEqual(['stock is low']);
      expect((await stop(second)).code).toBe(0);
    });

    it('says which file it cannot use', async () => {
      const { code, stdout, stderr } = await logferry(['sink', '--db', folder]).exit;
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`logferry sink: --db: ${folder} cannot be used: `);
    });
  } else {
    it('says which Node --db needs', async () => {
      const { code, stdout, stderr } = await logferry(['sink', '--db', join(folder, 'entries.db')]).exit;
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toBe(
        `logferry sink: --db: this Node (${process.version}) has no SQLite; use Node 22.13 or later, or leave the database out to keep entries in memory\n`,
      );
    });
  }
});
