import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { MAIN } from './spool-rig.ts';

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with a stream's text so far, once it matches; rejects when the process ends before. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  readonly end: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Runs the built `logferry` with nothing in its environment but what is given. */
export function logferry(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const look of watchers) look();
    });
  }
  const end = new Promise<Awaited<Running['end']>>((resolve) => {
    child.on('close', (code) => resolve({ code, ...text }));
  });
  const until: Running['until'] = (stream, pattern) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(text[stream])) return;
        watchers.delete(look);
        resolve(text[stream]);
      };
      watchers.add(look);
      look();
      void end.then(() => reject(new Error(`ended before ${pattern}: ${JSON.stringify(text)}`)));
    });
  return { child, until, end };
}

export interface SinkRig {
  readonly sink: Sink;
  /** What makes a command read from it. */
  readonly from: readonly string[];
  send(entries: readonly object[]): Promise<void>;
}

/** A sink until the test ends. */
export async function sinkRig(): Promise<SinkRig> {
  const sink = await startSink();
  onTestFinished(() => sink.close());
  const send = async (entries: readonly object[]): Promise<void> => {
    for (let at = 0; at < entries.length; at += 1_000) {
      const answer = await fetch(`${sink.url}/api/v1/ingest`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': sink.credentials.logtideApiKey },
        body: JSON.stringify({ logs: entries.slice(at, at + 1_000) }),
      });
      expect(answer.status).toBe(200);
    }
  };
  return { sink, from: ['--sink', '--url', sink.url], send };
}

/** An entry as clients send it; its number is in the message. */
export function entry(number: number, millis: number, more: object = {}): object {
  const time = new Date(millis).toISOString();
  return { time, service: 'shop', level: 'info', message: `order ${number}`, ...more };
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
