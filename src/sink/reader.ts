import type { IncomingHttpHeaders } from 'node:http';
import type { CheckContext } from './check.ts';
import { decodeSegment, sameSecret } from './check.ts';
import type { EntryStore, ReadableEntries } from './entry-store.ts';
import { noEntries } from './entry-store.ts';
import type { FaultBoard } from './faults.ts';
import { faultEffect } from './faults.ts';
import { seenByHooks, tellHooks } from './hooks.ts';
import type { LogStream, Repeat } from './log-stream.ts';
import { logStream } from './log-stream.ts';
import { broken, failure, invalidInput, sinkProjectId, unauthorizedReader } from './read-answers.ts';
import type { Param, QueryValues } from './read-query.ts';
import { checkQuery } from './read-query.ts';
import type { ReadRoute } from './read-route.ts';
import { readRouteOf } from './read-route.ts';
import type { SinkAnswer, SinkCredentials, SinkOptions } from './types.ts';

export interface ReaderParts {
  readonly options: SinkOptions;
  readonly credentials: SinkCredentials;
  readonly faults: FaultBoard;
  readonly entries: EntryStore;
}

/** What becomes of a reading request; a stream goes on until its client leaves. */
export interface ReadFate {
  readonly effect: SinkAnswer | LogStream | 'hang' | 'reset';
  readonly delayMillis: number;
}

interface Request {
  readonly route: ReadRoute;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly context: CheckContext;
}

const uuid = /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Longer path parameters are no route to the servers' framework. */
const maxSegmentUnits = 100;

const repeatWithTimer: Repeat = (callback, millis) => {
  const timer = setInterval(callback, millis);
  return () => clearInterval(timer);
};

/** Values that pass the schema and that a server fails on: times that are none, fractions and huge numbers in paging. */
function unusable(params: readonly Param[], values: QueryValues): string | undefined {
  for (const { name, kind } of params) {
    if (kind === 'time' && Number.isNaN(values.time(name))) return 'Invalid time value';
    if (kind === 'number' && !Number.isSafeInteger(values.number(name))) {
      return `invalid input syntax for type bigint: "${values.number(name)}"`;
    }
  }
  return undefined;
}

/**
 * Answers LogTide's reading endpoints from the entries that came, as server line A (0.5.0) or B (1.0.2) does: script,
 * faults, key, schema, rows. Source: LogTide's wire contract §3, replayed from captures of both servers by the conformance test;
 * what no capture shows follows the servers' public sources. `total` is exact on both lines. Does not count as ingest.
 */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #server: 'A' | 'B';
  readonly #now: () => number;
  #requests = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#server = parts.options.logtideServer ?? 'B';
    this.#now = parts.options.now ?? Date.now;
  }

  /** The fate of a request, or `undefined` when it is none for reading. */
  handle(method: string, target: string, headers: IncomingHttpHeaders): ReadFate | undefined {
    const mark = target.indexOf('?');
    const route = readRouteOf(method, mark < 0 ? target : target.slice(0, mark), this.#server);
    if (route === undefined || route.segment.length > maxSegmentUnits) return undefined;
    const { options, credentials, faults } = this.#parts;
    const atMillis = this.#now();
    const visible = {
      platform: 'logtide',
      channel: 'logs',
      method,
      target,
      headers,
      body: '',
      bytes: 0,
      atMillis,
    } as const;
    const seen = seenByHooks(options, visible);
    const set = faults.get('logtide');
    const context: CheckContext = {
      credentials,
      logtideServer: this.#server,
      nowMillis: atMillis,
      sequence: this.#requests,
    };
    this.#requests += 1;
    const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
    const effect =
      (seen && options.respond?.(seen)) ??
      faultEffect(set, 'logtide', this.#server, options.random ?? Math.random) ??
      this.#answer({ route, query, headers, context }, target);
    const told = typeof effect === 'object' && 'start' in effect ? { status: 200, headers: effect.headers } : effect;
    tellHooks(options, seen, told);
    return { effect, delayMillis: set.latencyMillis ?? 0 };
  }

  #answer(request: Request, target: string): SinkAnswer | LogStream {
    const { route, query, context } = request;
    const stranger = this.#stranger(request);
    if (stranger !== undefined) return stranger;
    const segment = decodeSegment(route.segment);
    if (segment === undefined) return badUrl(target);
    if (route.endpoint.uuid === true && !uuid.test(segment)) {
      const error = { instancePath: '/logId', schemaPath: '#/properties/logId/format', keyword: 'format' };
      const message = 'must match format "uuid"';
      return invalidInput(context, 'params', [{ ...error, params: { format: 'uuid' }, message }]);
    }
    const checked = checkQuery(route.endpoint.params, query, this.#server);
    if (!checked.ok) return invalidInput(context, 'querystring', checked.errors);
    const entries = this.#visible(request);
    if ('status' in entries) return entries;
    const problem = unusable(route.endpoint.params, checked.values);
    if (problem !== undefined) return broken(context, '22P02', problem);
    try {
      return route.stream
        ? this.#stream(checked.values, entries)
        : route.endpoint.answer({ values: checked.values, segment, entries, context });
    } catch (error) {
      // Only a database file can fail.
      return broken(context, undefined, error instanceof Error ? error.message : String(error));
    }
  }

  /** Who asks. As for ingest, a `?token=` is looked at first, and the sink knows no sessions. */
  #stranger({ query, headers }: Request): SinkAnswer | undefined {
    const { logtideApiKey, logtideWriteKey } = this.#parts.credentials;
    const key = headers['x-api-key'];
    if (query.has('token')) return unauthorizedReader('Invalid or expired session token');
    if (typeof key === 'string') {
      return sameSecret(key, logtideApiKey) || sameSecret(key, logtideWriteKey)
        ? undefined
        : unauthorizedReader('Invalid API key');
    }
    return unauthorizedReader(
      headers.authorization === undefined
        ? 'Missing X-API-Key header or Authorization token'
        : 'Invalid or expired session token',
    );
  }

  /** The entries that the key may see, or why it may not look. */
  #visible({ route, query, headers, context }: Request): ReadableEntries | SinkAnswer {
    const isB = this.#server === 'B';
    // Keys have had types since 0.6.2.
    if (isB && sameSecret(String(headers['x-api-key']), this.#parts.credentials.logtideWriteKey)) {
      const message = 'This API key has write-only access. Use a full-access key to query logs.';
      return failure(context, 403, { error: 'Forbidden', message }, 'x-api-key: is write-only');
    }
    if (!route.endpoint.params.some(({ name }) => name === 'projectId')) return this.#parts.entries;
    const asked = query.getAll('projectId').filter((id) => id !== '');
    const own = asked.filter((id) => id === sinkProjectId);
    if (isB && own.length < asked.length) return failure(context, 403, { error: 'forbidden' }, 'projectId: is foreign');
    // Line A reads other projects as well, and here they are empty.
    return asked.length > 0 && own.length === 0 ? noEntries : this.#parts.entries;
  }

  #stream(values: QueryValues, entries: ReadableEntries): LogStream {
    const filter = { services: values.texts('service'), levels: values.texts('level') };
    const repeat = this.#parts.options.repeat ?? repeatWithTimer;
    return logStream({ entries, filter, server: this.#server, now: this.#now, repeat });
  }
}

/** 400 of the servers' framework for broken percent-encoding. */
function badUrl(target: string): SinkAnswer {
  const message = `'${target}' is not a valid url component`;
  const body = { error: 'Bad Request', code: 'FST_ERR_BAD_URL', message, statusCode: 400 };
  return { status: 400, body, reason: `path: ${message}` };
}
