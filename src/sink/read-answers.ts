import type { CheckContext } from './check.ts';
import { rateHeaders, serverError } from './logtide-answers.ts';
import type { SchemaError } from './read-query.ts';
import type { StoredEntry } from './stored-entry.ts';
import type { SinkAnswer } from './types.ts';

/** The project that the sink's key belongs to. */
export const sinkProjectId = '10ca110c-a110-4a11-8a11-10ca110ca110';

/** 200. */
export const ok = (context: CheckContext, body: unknown): SinkAnswer => ({
  status: 200,
  headers: rateHeaders(context),
  body,
});

/** An error whose body is the same on both lines. */
export const failure = (context: CheckContext, status: number, body: unknown, reason: string): SinkAnswer => ({
  status,
  headers: rateHeaders(context),
  body,
  reason,
});

/** 401, which says why on both lines, unlike that of ingest. It comes before the request is counted. */
export const unauthorizedReader = (message: string): SinkAnswer => ({
  status: 401,
  body: { error: 'Unauthorized', message },
  reason: `x-api-key: ${message}`,
});

/** 400 of the schema library. Line A gives text, line B also the list it was made of. */
export function invalidInput(context: CheckContext, where: string, errors: readonly SchemaError[]): SinkAnswer {
  const message = errors.map((error) => `${where}${error.instancePath} ${error.message}`).join(', ');
  const code = 'FST_ERR_VALIDATION';
  const body =
    context.logtideServer === 'A'
      ? { statusCode: 400, code, error: 'Bad Request', message }
      : { statusCode: 400, error: message, details: errors, code };
  return failure(context, 400, body, message);
}

/** 500; line A tells the database's words. */
export const broken = (context: CheckContext, code: string | undefined, message: string): SinkAnswer =>
  serverError(context, code, message).answer;

/** An entry as REST and the stream show it: without its span, on line B with its session where lists are concerned. */
export function shown(entry: StoredEntry, withSession: boolean): Record<string, unknown> {
  const { id, timeMillis, service, level, message, metadata, traceId, sessionId } = entry;
  const time = new Date(timeMillis).toISOString();
  const base = { id, time, projectId: sinkProjectId, service, level, message, metadata, traceId };
  return withSession ? { ...base, sessionId } : base;
}
