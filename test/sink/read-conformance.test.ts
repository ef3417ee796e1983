import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sinkProjectId } from '../../src/sink/read-answers.ts';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { type Capture, captures, haveCaptures } from './captures.ts';
import { call } from './http.ts';
import { type Log, page, store } from './reading.ts';

// Replays what was asked of the real servers, on a sink that holds what they held, and compares the answers to the letter.
// Three things are each server's own and are translated: entry ids, the project id, and cursors, which contain an id. One
// is not compared: what remains of the rate limit, which depends on all that was asked before.

/** Captures that the sink cannot repeat, and why. */
const notReplayed: Record<string, string> = {
  'server-sse-session': 'asked with a session token; the sink has keys only',
  'server-sse-session-no-project': 'asked with a session token; the sink has keys only',
  'server1-sse-session': 'asked with a session token; the sink has keys only',
  'server1-sse-session-no-project': 'asked with a session token; the sink has keys only',
  'server-trace-get': 'spans; the sink takes none',
  'server-error-groups': 'asked with a session token; the sink groups no errors',
  'server-error-groups-apikey': 'error groups are for sessions; the sink has none',
};

/** Captures of streams that begin; test/sink/log-stream.test.ts replays their rows. */
const streams = new Set(['server-sse-basic', 'server-sse-filter', 'server1-sse-filter']);

const readable =
  /^server1?-(?:query|aggregated|context|log-by-id|stats|top|trace|sse|stream|error-groups)(?:-.*)?\.json$/;

/** When the servers answered, nearly: all that they held is timed before, and within line B's default span of a day. */
const now = '2026-11-20T19:20:56.000Z';

const capturedProject = { A: '8a9d81eb-5e82-4a8e-9929-993ef0a833ec', B: 'e9ca5dc4-ec8c-40ae-8ec0-9d0ecd3d5ef6' };

const logsIn = (value: unknown): Log[] => {
  if (typeof value !== 'object' || value === null) return [];
  if ('id' in value && 'message' in value) return [value as unknown as Log];
  return Object.values(value).flatMap(logsIn);
};

const asEntry = ({ time, service, level, message, metadata, traceId, sessionId }: Log): object => ({
  time,
  service,
  level,
  message,
  ...(metadata && { metadata }),
  ...(traceId !== null && { trace_id: traceId }),
  ...(sessionId && { session_id: sessionId }),
});

for (const [server, prefix] of [
  ['A', 'server-'],
  ['B', 'server1-'],
] as const) {
  const all = captures('logtide', readable).filter(({ name }) => name.startsWith(prefix));
  const replayed = all.filter(({ name }) => notReplayed[name] === undefined && !streams.has(name));

  describe.skipIf(!haveCaptures)(`LogTide server ${server}: ${replayed.length} captures of reading`, () => {
    let sink: Sink;
    /** Of the servers' ids, those of the sink. */
    const ids = new Map<string, string>();
    const zone = process.env.TZ;

    beforeAll(async () => {
      // One capture gives a time without a zone, and the server stood in UTC.
      process.env.TZ = 'UTC';
      sink = await startSink({ logtideServer: server, now: () => Date.parse(now) });
      const held = new Map(
        replayed.flatMap(({ response }) => logsIn(response?.body)).map((log): [string, Log] => [log.id, log]),
      );
      await store(sink, [...held.values()].map(asEntry));
      const { logs } = await page(sink);
      for (const [id, { time, message }] of held) {
        const own = logs.find((log) => log.time === time && log.message === message);
        if (own !== undefined) ids.set(id, own.id);
      }
    });
    afterAll(async () => {
      await sink.close();
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    });

    it('has captures to replay, and rows to find', () => {
      expect([replayed.length, ids.size]).toEqual(server === 'A' ? [24, 12] : [6, 1]);
    });

    /** A text of the servers with the sink's own ids, also inside a cursor. */
    const own = (text: string): string =>
      [...ids, [capturedProject[server], sinkProjectId] as const].reduce((line, [a, b]) => line.replaceAll(a, b), text);
    const ownCursor = (cursor: string): string =>
      Buffer.from(own(Buffer.from(cursor, 'base64').toString())).toString('base64');

    it.each(replayed.map((capture) => [capture.name, capture] as const))('%s', async (_name, capture: Capture) => {
      const [request] = capture.requests;
      const expected = capture.response;
      if (!request || !expected) throw new Error('the capture has no request or no answer');
      const { logtideApiKey, logtideWriteKey } = sink.credentials;
      const ownKey = (text: string): string =>
        text.replace('lp_REDACTED_API_KEY', logtideApiKey).replace('lp_REDACTED_WRITE_KEY', logtideWriteKey);
      const headers = Object.entries(request.headers).map(([name, value]) => [name, ownKey(value)]);
      const reply = await call(sink.port, {
        method: request.method,
        path: own(ownKey(request.path)).replace(/(?<=[?&]cursor=)[^&]+/, (cursor) =>
          encodeURIComponent(ownCursor(decodeURIComponent(cursor))),
        ),
        headers: { connection: 'keep-alive', ...Object.fromEntries(headers) },
      });
      expect(reply.status).toBe(expected.status);
      const text = own(JSON.stringify(expected.body));
      expect(reply.text).toBe(text.replace(/(?<="nextCursor":")[^"]+/, ownCursor));
      for (const name of ['content-type', 'content-length', 'connection', 'x-ratelimit-limit']) {
        expect([name, reply.headers[name]]).toEqual([name, expected.headers[name]]);
      }
    });
  });
}
