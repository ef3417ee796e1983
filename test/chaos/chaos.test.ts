import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

/** The short form of `npm run test:chaos`, with another seed each time; a failure prints it. */
async function run(...args: string[]): Promise<{ code: number | null; said: string }> {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) throw new Error('run npm run build first');
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

it('row 48: records acknowledged before kill -9 arrive, unchanged, with a healthy server and with a faulty one', async () => {
  const { code, said } = await run('--kills', '2', '--faults');
  expect(code, said).toBe(0);
});

it('row 49: kill -9 during recovery, adoption, bisecting and dropping loses nothing that was to be kept', async () => {
  const { code, said } = await run('--recovery-kills', '4', '--bisect-kills', '1', '--drop-kills', '1');
  expect(code, said).toBe(0);
});

it('the judge finds out an application that keeps its records in memory', async () => {
  const { code, said } = await run('--memory', '--recovery-kills', '1', '--patience-seconds', '1');
  expect(said).toMatch(/recovery: \d+ acknowledged records lost/);
  expect(code).toBe(1);
});
