import type { CheckContext, CheckRequest, CheckResult } from './check.ts';
import { decodeSegment, isObject, readJsonBody, refuse, sameSecret } from './check.ts';
import type { Field } from './fields.ts';
import { checkFields, filledText, isoTime, list, object, optional, required, text } from './fields.ts';

const fields: readonly Field[] = [
  required('message', text),
  // The client upper-cases any other level text and sends it, so the five usual ones are not a closed list.
  required('level', filledText),
  required('environment', filledText),
  // The older formatter sent UTC without the Z.
  required('timestamp', isoTime(6, ['Z', 'none'])),
  required('runtime_context', object),
  optional('context', object),
  // Elements are free: the older formatter passed numbers and nulls on.
  optional('tags', list),
  optional('exception', object),
];

const bad = (status: number, error: string, reason: string): CheckResult =>
  refuse(status, { error, message: reason }, reason);

/**
 * Loggier: `POST /api/ingest/{key}` with one record, `…/batch` with a bare array; the key also in `X-Loggier-Key`.
 * Fields and key places are the client's (Loggier's wire contract §1); that the server compares the two keys, requires these
 * fields and refuses a batch as a whole, and all answer bodies, are inferred.
 */
export function checkLoggier(request: CheckRequest, context: CheckContext): CheckResult {
  const [segment, ...rest] = request.path.split('/').slice(3);
  const inPath = segment === undefined ? undefined : decodeSegment(segment);
  const batch = rest.length === 1 && rest[0] === 'batch';
  if (inPath === undefined || (rest.length > 0 && !batch)) {
    return bad(404, 'Not Found', 'path: must be /api/ingest/{key} or /api/ingest/{key}/batch');
  }
  const inHeader = request.headers['x-loggier-key'];
  if (typeof inHeader !== 'string') return bad(401, 'Unauthorized', 'x-loggier-key: is missing');
  const expected = context.credentials.loggierApiKey;
  if (!sameSecret(inPath, expected)) return bad(401, 'Unauthorized', 'key in the path: wrong');
  if (!sameSecret(inHeader, expected)) {
    return bad(401, 'Unauthorized', 'x-loggier-key: differs from the key in the path');
  }
  const parsed = readJsonBody(request);
  if (!parsed.ok) return bad(parsed.status ?? 400, 'Bad Request', parsed.reason);
  if (batch !== Array.isArray(parsed.value)) {
    return bad(400, 'Bad Request', `body: must be ${batch ? 'a JSON array' : 'one JSON object'} on this path`);
  }
  const records: unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (records.length === 0) return bad(400, 'Bad Request', 'body: must have at least one record');
  const good: Record<string, unknown>[] = [];
  for (const [index, record] of records.entries()) {
    const place = batch ? `[${index}]` : 'body';
    if (!isObject(record)) return bad(400, 'Bad Request', `${place}: must be an object`);
    const problem = checkFields(record, fields);
    if (problem) return bad(400, 'Bad Request', `${place}.${problem.field}: ${problem.reason}`);
    good.push(record);
  }
  return { answer: { status: 200, body: { status: 'ok', accepted: good.length } }, records: good };
}
