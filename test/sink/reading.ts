import type { Sink } from '../../src/sink/sink.ts';
import { type Call, call, type Reply } from './http.ts';
import { logtide } from './sinks.ts';

// Reading LogTide's entries back from a sink.

/** One reading request with the sink's key, or with the headers given instead. */
export const read = (sink: Sink, path: string, headers?: Call['headers']): Promise<Reply> =>
  call(sink.port, { method: 'GET', path, headers: headers ?? { 'x-api-key': sink.credentials.logtideApiKey } });

export interface Log {
  readonly id: string;
  readonly time: string;
  readonly projectId: string;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly metadata: Record<string, unknown> | null;
  readonly traceId: string | null;
  readonly sessionId?: string | null;
}

export interface Page {
  readonly logs: readonly Log[];
  readonly total: number;
  readonly hasMore?: boolean;
  readonly limit: number;
  readonly offset: number;
  readonly nextCursor?: string;
}

/** One page of `GET /api/v1/logs`; fails on any status but 200. */
export async function page(sink: Sink, query = ''): Promise<Page> {
  const reply = await read(sink, `/api/v1/logs${query}`);
  if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.text}`);
  return reply.json() as Page;
}

/** The messages of one page, newest first. */
export const messages = async (sink: Sink, query = ''): Promise<readonly string[]> =>
  (await page(sink, query)).logs.map((log) => log.message);

/** Stores entries in one request; fails unless all of them were taken. */
export async function store(sink: Sink, entries: readonly object[]): Promise<void> {
  const reply = await logtide(sink, [...entries]);
  const received = reply.status === 200 ? (reply.json() as { received: number }).received : -1;
  if (received !== entries.length) throw new Error(`status ${reply.status}: ${reply.text}`);
}

/** Entries one second apart, the first at `start`. */
export const series = (start: string, texts: readonly string[], more: object = {}): object[] =>
  texts.map((message, n) => ({
    time: new Date(Date.parse(start) + n * 1000).toISOString(),
    service: 'api',
    level: 'info',
    message,
    ...more,
  }));
