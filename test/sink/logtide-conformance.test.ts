import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { type Capture, captures, haveCaptures, nanToken } from './captures.ts';
import { call } from './http.ts';

// Replays what was sent to the real servers and compares the sink's answer with theirs.

/** Captures that a stateless sink cannot repeat, and why. */
const notReplayed: Record<string, string> = {
  'server-ingest-metadata-depth-50000':
    'answered from the database connection that the depth-5000 request before it had broken (08P01), not from its own content',
  'server1-ingest-storage-failure': "the server's log table had been renamed; the request itself is good",
};

const entry = { time: '2026-11-20T19:20:00.123Z', service: 'api', level: 'info', message: 'm' };
const logs = (entries: unknown[]): string => JSON.stringify({ logs: entries });
// Every fragment is different, so that PostgreSQL's compression finds no repetition in it, as in the capture.
const random = (length: number): string => {
  let state = 0x2545f491;
  let text = '';
  while (text.length < length) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += (state >>> 0).toString(36);
  }
  return text.slice(0, length);
};
const words = (bytes: number): string => {
  const list: string[] = [];
  for (let length = 0, n = 0; length < bytes; n += 1) {
    const word = `word${n.toString(36)}`;
    list.push(word);
    length += word.length + 1;
  }
  return list.join(' ');
};
const nested = (depth: number): string =>
  `{"logs":[{"time":"${entry.time}","service":"api","level":"info","message":"m","metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]}`;

/** Bodies that the captures leave out for their size, rebuilt from what their `input` says. */
const rebuilt: Record<string, () => string | Buffer> = {
  'server-ingest-1000-logs': () => logs(Array(1000).fill(entry)),
  'server-ingest-1001-logs': () => logs(Array(1001).fill(entry)),
  'server1-ingest-1001-logs': () => logs(Array(1001).fill(entry)),
  'server-ingest-trace-long-random': () => logs([{ ...entry, trace_id: random(8000) }]),
  'server1-ingest-trace-long-random': () => logs([{ ...entry, trace_id: random(8000) }]),
  'server1-ingest-message-tsvector': () => logs([{ ...entry, message: words(1.5 * 1024 * 1024) }]),
  'server-ingest-metadata-depth-5000': () => nested(5000),
  // Binary in a JSON file: its bytes did not survive.
  'server-ingest-gzip': () => gzipSync(logs([entry])),
  'server1-ingest-gzip': () => gzipSync(logs([entry])),
};

function bodyOf(capture: Capture): string | Buffer | undefined {
  const make = rebuilt[capture.name];
  if (make) return make();
  const body = capture.requests[0]?.body;
  if (body === null || body === undefined || body === '<headers only>') return undefined;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (text.startsWith('<')) throw new Error(`${capture.name}: the capture leaves its body out; rebuild it`);
  return text.replace(`"${nanToken}"`, 'NaN');
}

/** The answer's time is the server's clock. */
const timeless = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'timestamp' in body ? { ...body, timestamp: 'some time' } : body;

const compared = ['content-type', 'content-length', 'connection'];
const present = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

for (const [server, prefix] of [
  ['A', 'server-ingest-'],
  ['B', 'server1-ingest-'],
] as const) {
  const all = captures('logtide', new RegExp(`^${prefix}.*\\.json$`));
  const replayed = all.filter((capture) => notReplayed[capture.name] === undefined);

  describe.skipIf(!haveCaptures)(`LogTide server ${server}: ${replayed.length} captures`, () => {
    let sink: Sink;
    beforeAll(async () => {
      sink = await startSink({ logtideServer: server });
    });
    afterAll(() => sink.close());

    it('has captures to replay', () => {
      expect(replayed.length).toBeGreaterThan(20);
    });

    it.each(replayed.map((capture) => [capture.name, capture] as const))('%s', async (_name, capture) => {
      const [request] = capture.requests;
      const expected = capture.response;
      if (!request || !expected) throw new Error('the capture has no request or no answer');
      const ownKey = (text: string): string =>
        text.replace(/lp_REDACTED_(?:API|WRITE)_KEY/g, sink.credentials.logtideApiKey);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, ownKey(value)]));
      const reply = await call(sink.port, {
        method: request.method,
        path: ownKey(request.path),
        // The real clients kept their connections alive.
        headers: { connection: 'keep-alive', ...headers },
        body: bodyOf(capture),
      });
      expect(reply.status).toBe(expected.status);
      expect(timeless(reply.json())).toEqual(timeless(expected.body));
      for (const name of compared) expect([name, reply.headers[name]]).toEqual([name, expected.headers[name]]);
      for (const name of present) {
        expect([name, reply.headers[name] !== undefined]).toEqual([name, expected.headers[name] !== undefined]);
      }
    });
  });
}
