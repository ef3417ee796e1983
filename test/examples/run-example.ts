import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SinkRecord } from '../../src/sink/sink.ts';

export const examplesFolder = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Ends a child that hangs; no expectation depends on it. */
const GIVE_UP_MILLIS = 110_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder below `examples/`. */
  readonly folder?: string;
}

/**
 * Runs Node as a user would, in a folder of the examples, with nothing in its environment but `env`: credentials of
 * whoever runs the tests must not make an example send to a real platform.
 */
export async function runNode(args: readonly string[], { env = {}, folder = '' }: RunOptions = {}): Promise<Ended> {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    throw new Error('the examples import the built package: run npm run build first');
  }
  const child = spawn(process.execPath, args, {
    cwd: `${examplesFolder}${folder}`,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: GIVE_UP_MILLIS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

function nameOf({ record }: SinkRecord): string {
  return String(record.message ?? record.eventMessage ?? record.name);
}

/** Payloads by their messages: platforms that take one record per request get them in any order. */
export function payloads(records: readonly SinkRecord[]): readonly object[] {
  return [...records].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map(({ record }) => record);
}
