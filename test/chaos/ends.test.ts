import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LifeSettings, startLife } from './life.mjs';
import { type Oracle, startOracle } from './oracle-process.mjs';

/** Longest that delivery may take before a test gives up. */
const PATIENCE_MILLIS = 30_000;
const COUNT = 500;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DELIVERY = {
  http: { timeoutMillis: 2_000 },
  circuitBreaker: { initialDelayMillis: 20, maxDelayMillis: 100, holdMillis: 100 },
  timeouts: { shutdownMillis: 2_000 },
};

let oracle: Oracle;
let folder: string;
let directory: string;

beforeEach(async () => {
  oracle = await startOracle();
  folder = mkdtempSync(join(tmpdir(), 'chaos-ends-'));
  directory = join(folder, 'spool');
});
afterEach(async () => {
  await oracle.stop();
  rmSync(folder, { recursive: true, force: true });
});

const settings = (app: string, more: Partial<LifeSettings> = {}): LifeSettings => ({
  ...{ app, url: oracle.url, directory, rate: 100_000, count: COUNT, delivery: DELIVERY },
  ...more,
});

/** Waits until all records of these applications have arrived. */
async function arrival(apps: readonly string[], count = COUNT): Promise<void> {
  const deadline = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const checks = await oracle.check(apps.map((prefix) => ({ prefix, count, limit: 5 })));
    if (checks.every(({ missingCount }) => missingCount === 0)) return;
    if (Date.now() > deadline)
      throw new Error(`missing: ${JSON.stringify(checks.filter((each) => each.missingCount))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A process that ends as told after `COUNT` records. */
async function victim(end: LifeSettings['end'], flags: readonly string[] = []): Promise<{ app: string; how: unknown }> {
  const life = startLife(settings('victim', { ...(end !== undefined && { end }) }), flags);
  const { code, signal } = await life.ended;
  expect(life.acknowledged).toBe(COUNT);
  return { app: life.app, how: code ?? signal };
}

/** Another process on the same spool, which delivers what was left there and a record of its own. */
async function heir(apps: readonly string[], name?: string): Promise<void> {
  const life = startLife(settings('heir', { count: 1, ...(name !== undefined && { spool: { name } }) }));
  await arrival(apps);
  expect(await life.finish()).toMatchObject({ code: 0, stderr: '' });
}

async function runScript(file: string, argument: object): Promise<Record<string, unknown>> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return JSON.parse(said) as Record<string, unknown>;
}

describe('ends that nobody is told of, during an outage', () => {
  it.each([
    ['exit', [], 0],
    ['throw', [], 1],
    ['reject', [], 1],
    ['abort', [], 'SIGABRT'],
    ['sigterm', [], 'SIGTERM'],
    ['memory', ['--max-old-space-size=48'], 'SIGABRT'],
  ] as const)(
    'row 50: every record is kept when the process ends by %s right after emit()',
    async (end, flags, how) => {
      await oracle.faults({ refuse: true });
      const { app, how: ended } = await victim(end, flags);
      expect(ended).toBe(how);
      await oracle.faults({});
      await heir([app]);
      expect(await oracle.report(app)).toMatchObject({ ids: COUNT, wrong: 0 });
    },
  );

  it("row 51: an application's own SIGTERM handler that exits soon costs nothing", async () => {
    await oracle.faults({ refuse: true });
    const { app, how } = await victim('handler');
    expect(how).toBe(0);
    await oracle.faults({});
    await heir([app]);
  });
});

describe('many at once', () => {
  it('row 53: eight workers and four threads on one spool do not touch each other', async () => {
    const { names, codes } = await runScript('crowd.mjs', { app: 'crowd', url: oracle.url, directory, count: COUNT });
    expect(codes).toEqual(Array(12).fill(0));
    await arrival(names as string[]);
    expect(await oracle.report('crowd')).toMatchObject({ ids: 12 * COUNT, duplicates: 0, wrong: 0, foreign: 0 });
  });

  it('row 56: two copies of the library in one process have directories of their own', async () => {
    await oracle.faults({ refuse: true });
    const copies = ['one', 'two'].map((name) => {
      const copy = join(folder, name);
      cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
      cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
      symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
      return pathToFileURL(join(copy, 'dist', 'index.js')).href;
    });
    const said = await runScript('twice.mjs', {
      app: 'twice',
      url: oracle.url,
      directory,
      count: COUNT,
      copies,
    });
    expect(said).toEqual({ loggers: 4, listeners: 2 });
    const folders = readdirSync(join(directory, 'logferry-v1'));
    const instances = folders.flatMap((name) => readdirSync(join(directory, 'logferry-v1', name)));
    expect({ folders: folders.length, instances: new Set(instances).size }).toEqual({ folders: 2, instances: 4 });
    await oracle.faults({});
    await heir(['twicelogger0', 'twicelogger2']);
    await heir(['twicelogger1', 'twicelogger3'], 'other');
  });
});
