import { describe, expect, it } from 'vitest';
import { defaultCredentials as credentials } from '../../src/sink/credentials.ts';
import type { EntryStore } from '../../src/sink/entry-store.ts';
import { FaultBoard } from '../../src/sink/faults.ts';
import { Ingest } from '../../src/sink/ingest.ts';
import { Reader } from '../../src/sink/reader.ts';
import { routeOf } from '../../src/sink/route.ts';
import { SinkStore } from '../../src/sink/store.ts';
import type { SinkAnswer, SinkOptions } from '../../src/sink/types.ts';
import { entry } from './sinks.ts';

// A database file may fail at any time: the disk is full, the file is damaged or gone.

const failing: EntryStore = {
  add: () => 'database or disk is full',
  get: () => {
    throw new Error('database disk image is malformed');
  },
  scan: () => {
    throw new Error('database disk image is malformed');
  },
  count: () => {
    throw new Error('database disk image is malformed');
  },
  clear: () => undefined,
  close: () => undefined,
};

const headers = { 'x-api-key': credentials.logtideApiKey, 'content-type': 'application/json' };
const parts = (options: SinkOptions) => ({
  options: { now: () => 0, ...options },
  credentials,
  store: new SinkStore(10),
  faults: new FaultBoard(),
  entries: failing,
});

describe('a database that fails', () => {
  it.each([
    ['A', 500, { statusCode: 500, error: 'Internal Server Error', message: 'database or disk is full' }],
    ['B', 200, { received: 0, timestamp: '1970-01-01T00:00:00.000Z' }],
  ] as const)('makes server %s accept nothing', (logtideServer, status, body) => {
    const all = parts({ logtideServer });
    const route = routeOf('POST', '/api/v1/ingest');
    if (route === undefined) throw new Error('no route');
    const target = '/api/v1/ingest';
    const arrival = { method: 'POST', target, headers, body: Buffer.from(JSON.stringify({ logs: [entry] })) };
    const { effect } = new Ingest(all).handle(route, arrival);
    expect(effect).toMatchObject({ status, body });
    expect((effect as SinkAnswer).reason).toContain('database or disk is full');
    expect(all.store.records()).toEqual([]);
    expect(all.store.counts().logtide).toEqual({ requests: 1, accepted: 0, refused: 1, faulted: 0 });
  });

  it.each([
    ['A', { statusCode: 500, error: 'Internal Server Error', message: 'database disk image is malformed' }],
    ['B', { statusCode: 500, error: 'Internal Server Error' }],
  ] as const)('makes server %s fail to read', (logtideServer, body) => {
    const reader = new Reader(parts({ logtideServer }));
    for (const path of ['/api/v1/logs', '/api/v1/stats', '/api/v1/logs/00000000-0000-4000-8000-000000000000']) {
      expect(reader.handle('GET', path, headers)?.effect).toMatchObject({ status: 500, body });
    }
  });

  it('ends live tails, as the servers do', () => {
    const polls: (() => void)[] = [];
    const repeat = (callback: () => void) => {
      polls.push(callback);
      return () => undefined;
    };
    const { effect } = new Reader(parts({ repeat })).handle('GET', '/api/v1/logs/stream', headers) ?? {};
    if (typeof effect !== 'object' || !('start' in effect)) throw new Error('no stream');
    const written: string[] = [];
    let ends = 0;
    effect.start(
      (text) => written.push(text),
      () => {
        ends += 1;
      },
    );
    for (const poll of polls) poll();
    expect([written, ends]).toEqual([['data: {"type":"connected","timestamp":"1970-01-01T00:00:00.000Z"}\n\n'], 1]);
  });
});
