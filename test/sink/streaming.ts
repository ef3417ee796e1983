import { request } from 'node:http';
import type { Sink, SinkOptions } from '../../src/sink/sink.ts';
import { start } from './sinks.ts';

// Live tails whose seconds pass when the test says so.

export interface Ticking {
  readonly sink: Sink;
  /** How many tails wait for their next second. */
  waiting(): number;
  /** Lets time pass and polls every tail once. */
  tick(millis?: number): void;
  now(): number;
}

/** A sink with a clock of its own, which stands still between ticks. */
export async function ticking(from: string, options: SinkOptions = {}): Promise<Ticking> {
  let millis = Date.parse(from);
  const callbacks = new Set<() => void>();
  const sink = await start({
    ...options,
    now: () => millis,
    repeat: (callback, every) => {
      if (every !== 1000) throw new Error(`polls every ${every} ms`);
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  });
  return {
    sink,
    waiting: () => callbacks.size,
    tick: (passed = 1000) => {
      millis += passed;
      for (const callback of [...callbacks]) callback();
    },
    now: () => millis,
  };
}

export interface Tail {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves with all text so far once it has that many heartbeats; rejects when the stream ends before. */
  until(heartbeats: number): Promise<string>;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  leave(): void;
  pause(): void;
}

const count = (text: string): number => text.split(': heartbeat\n\n').length - 1;

/** Opens a live tail, and resolves once its headers and first text are here. */
export function tail(sink: Sink, query = '', headers?: Record<string, string>): Promise<Tail> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: sink.port,
      path: `/api/v1/logs/stream${query}`,
      headers: headers ?? { 'x-api-key': sink.credentials.logtideApiKey },
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      const watchers = new Set<() => void>();
      const ended = new Promise<void>((done) => response.on('close', done));
      const until = (heartbeats: number): Promise<string> =>
        new Promise((found, failed) => {
          const look = (): void => {
            if (count(text) >= heartbeats) found(text);
          };
          watchers.add(look);
          look();
          void ended.then(() => failed(new Error(`ended after ${JSON.stringify(text)}`)));
        });
      response.setEncoding('utf8').on('error', () => undefined);
      response.on('data', (chunk: string) => {
        text += chunk;
        for (const watcher of watchers) watcher();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          until,
          ended,
          leave: () => sent.destroy(),
          pause: () => response.pause(),
        });
      });
    });
    sent.end();
  });
}

/** The messages of the log events in a stream's text, in order. */
export const tailed = (text: string): readonly string[] =>
  text
    .split('\n\n')
    .filter((part) => part.startsWith('data: '))
    .map((part) => JSON.parse(part.slice('data: '.length)) as { type: string; data?: { message: string } })
    .flatMap(({ data }) => (data === undefined ? [] : [data.message]));
