import { afterEach } from 'vitest';
import { type Sink, type SinkOptions, startSink } from '../../src/sink/sink.ts';
import { call, json, type Reply } from './http.ts';

// Sinks that end with their test, and one good request for three of the platforms.

const open: Sink[] = [];
/** Starts a sink that is closed after the test. */
export const start = async (options?: SinkOptions): Promise<Sink> => {
  const sink = await startSink(options);
  open.push(sink);
  return sink;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((sink) => sink.close()));
});

export const entry = { time: '2026-01-02T03:04:05.678Z', service: 'api', level: 'info', message: 'hello' };
const record = {
  message: 'hello',
  level: 'INFO',
  environment: 'production',
  timestamp: '2026-01-02T03:04:05.678901Z',
  runtime_context: {},
};

/** One good record for LogTide. */
export const logtide = (sink: Sink, entries: unknown[] = [entry]): Promise<Reply> =>
  call(sink.port, {
    path: '/api/v1/ingest',
    headers: { ...json, 'x-api-key': sink.credentials.logtideApiKey },
    body: JSON.stringify({ logs: entries }),
  });
/** One good record for Loggier. */
export const loggier = (sink: Sink): Promise<Reply> =>
  call(sink.port, {
    path: `/api/ingest/${sink.credentials.loggierApiKey}`,
    headers: { ...json, 'x-loggier-key': sink.credentials.loggierApiKey },
    body: JSON.stringify(record),
  });
export const trakerr = (sink: Sink): Promise<Reply> =>
  call(sink.port, {
    path: '/api/v1/events',
    headers: json,
    body: JSON.stringify({
      apiKey: sink.credentials.trakerrApiKey,
      classification: 'log',
      eventType: 'T',
      eventMessage: 'M',
    }),
  });
