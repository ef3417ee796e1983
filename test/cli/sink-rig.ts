import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll } from 'vitest';

// The built program, as users run it.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
beforeAll(() => {
  if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`);
});

export interface Run {
  readonly child: ChildProcess;
  /** Resolves with everything of that stream so far, once it matches. Rejects when the process ends before. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  readonly exit: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
});

/** Runs the program; it is killed when the test ends. */
export function logferry(args: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  children.push(child);
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const exit = new Promise<Awaited<Run['exit']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return {
    child,
    exit,
    until: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(text[stream])) return;
          watchers.delete(look);
          resolve(text[stream]);
        };
        watchers.add(look);
        look();
        void exit.then(() => reject(new Error(`ended before ${pattern}: ${JSON.stringify(text)}`)));
      }),
  };
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly env: Record<string, string>;
}

/** Starts `logferry sink --json` and gives its first line. */
export async function startJson(args: readonly string[] = []): Promise<Run & { listening: Listening }> {
  const run = logferry(['sink', '--json', ...(args.includes('--port') ? [] : ['--port', '0']), ...args]);
  const line = (await run.until('stdout', /\n/)).split('\n')[0] ?? '';
  return { ...run, listening: JSON.parse(line) as Listening };
}

export const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

export const entry = { time: '2026-01-02T03:04:05.678Z', service: 'shop', level: 'warn', message: 'stock is low' };

/** Sends LogTide entries with any key. */
export const sendLogtide = (url: string, key: string, entries: unknown[]): Promise<Response> =>
  fetch(`${url}/api/v1/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ logs: entries }),
  });
