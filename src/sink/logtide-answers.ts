import type { CheckContext, CheckResult } from './check.ts';
import { refuse } from './check.ts';

/** The request rate that the sink advertises: that of the captured servers. It never enforces it; faults do that. */
const rateLimit = 100_000;

/** The `x-ratelimit-*` headers of every answer behind LogTide's authentication. */
export function rateHeaders(context: CheckContext): Record<string, string> {
  return {
    'x-ratelimit-limit': String(rateLimit),
    'x-ratelimit-remaining': String(rateLimit - 1 - (context.sequence % rateLimit)),
    'x-ratelimit-reset': '60',
  };
}

const closing = (context: CheckContext): Record<string, string> => ({ ...rateHeaders(context), connection: 'close' });

/** 401. Line B says no more than "Unauthorized"; `message` is line A's. */
export function unauthorized(context: CheckContext, message: string): CheckResult {
  const body = context.logtideServer === 'A' ? { error: 'Unauthorized', message } : { error: 'Unauthorized' };
  return refuse(401, body, `x-api-key: ${message}`);
}

/** 415 for a missing or unknown media type. */
export function unsupportedMediaType(context: CheckContext, type: string | undefined): CheckResult {
  const base = { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', error: 'Unsupported Media Type' };
  const body = context.logtideServer === 'A' ? { ...base, message: `Unsupported Media Type: ${type}` } : base;
  return refuse(415, body, `content-type: ${type} is not supported`, rateHeaders(context));
}

/** What both lines say to a compressed body: they inflate it and find that its length is not the declared one. */
export function badLength(context: CheckContext, encoding: string): CheckResult {
  const message = 'Request body size did not match Content-Length';
  const body =
    context.logtideServer === 'A'
      ? { statusCode: 400, code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', error: 'Bad Request', message }
      : { error: message };
  return refuse(400, body, `content-encoding: ${encoding} is not supported`, closing(context));
}

/** Text that is not JSON. */
export function invalidJson(context: CheckContext, reason: string): CheckResult {
  return context.logtideServer === 'A'
    ? refuse(400, { statusCode: 400, error: 'Bad Request', message: reason }, `body: ${reason}`, rateHeaders(context))
    : refuse(400, { error: `Invalid JSON: ${reason}` }, `body: ${reason}`, closing(context));
}

/** A body of length zero. */
export function emptyBody(context: CheckContext): CheckResult {
  if (context.logtideServer === 'B') return invalidShape(context, {}, 'body: is empty');
  const body = {
    statusCode: 400,
    code: 'FST_ERR_CTP_EMPTY_JSON_BODY',
    error: 'Bad Request',
    message: "Body cannot be empty when content-type is set to 'application/json'",
  };
  return refuse(400, body, 'body: is empty', rateHeaders(context));
}

/** JSON whose top level is not an object. */
export function notAnObject(context: CheckContext): CheckResult {
  if (context.logtideServer === 'B') return invalidShape(context, {}, 'body: must be an object');
  const body = {
    statusCode: 400,
    code: 'FST_ERR_VALIDATION',
    error: 'Bad Request',
    message: 'body must be object',
  };
  return refuse(400, body, 'body: must be an object', rateHeaders(context));
}

/** Entries that break the schema. Line A names them by index, line B's serialiser strips the details. */
export function invalidShape(context: CheckContext, details: unknown, reason: string): CheckResult {
  const shown = context.logtideServer === 'A' ? details : {};
  return refuse(400, { error: 'Validation error', details: shown }, reason, rateHeaders(context));
}

/** 500 of line A, with the database's code where the database was the one to refuse; B never tells. */
export function serverError(context: CheckContext, code: string | undefined, message: string): CheckResult {
  const base = { statusCode: 500, error: 'Internal Server Error' };
  if (context.logtideServer === 'B') return refuse(500, base, message, rateHeaders(context));
  const body = code === undefined ? { ...base, message } : { ...base, code, message };
  return refuse(500, body, code === undefined ? message : `${code}: ${message}`, rateHeaders(context));
}

/** What both lines say when entries that passed could not be written: A an error, B a success of nothing. */
export function notWritten(context: CheckContext, message: string): CheckResult {
  if (context.logtideServer === 'A') return serverError(context, undefined, message);
  return received(context, [], `received 0, the whole batch is lost: ${message}`);
}

/** 200. `reason` tells people why less was stored than was sent. */
export function received(
  context: CheckContext,
  records: readonly Record<string, unknown>[],
  reason?: string,
): CheckResult {
  const body = { received: records.length, timestamp: new Date(context.nowMillis).toISOString() };
  const answer = { status: 200, headers: rateHeaders(context), body };
  return { answer: reason === undefined ? answer : { ...answer, reason }, records };
}
