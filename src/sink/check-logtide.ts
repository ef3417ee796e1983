import type { CheckContext, CheckRequest, CheckResult, Parsed } from './check.ts';
import { isJson, isObject, parseJson, sameSecret } from './check.ts';
import {
  badLength,
  emptyBody,
  invalidJson,
  invalidShape,
  notAnObject,
  received,
  serverError,
  unauthorized,
  unsupportedMediaType,
} from './logtide-answers.ts';
import { checkBatch, normaliseArray } from './logtide-batch.ts';
import { findPoison, hasForbiddenKey } from './logtide-poison.ts';

/** Who asks. Line A looks at a `?token=` first, so that even a good key beside it does not help. */
function authenticate(request: CheckRequest, context: CheckContext): CheckResult | undefined {
  const session = 'Invalid or expired session token';
  if (new URLSearchParams(request.query).has('token')) return unauthorized(context, session);
  const key = request.headers['x-api-key'];
  if (typeof key === 'string') {
    const { logtideApiKey, logtideWriteKey } = context.credentials;
    const known = sameSecret(key, logtideApiKey) || sameSecret(key, logtideWriteKey);
    return known ? undefined : unauthorized(context, 'Invalid API key');
  }
  if (request.headers.authorization !== undefined) return unauthorized(context, session);
  return unauthorized(context, 'Missing X-API-Key header or Authorization token');
}

/** How the server reads the body, or its refusal. `text` is what the value was parsed from. */
function readBody(request: CheckRequest, context: CheckContext): CheckResult | { value: unknown; text: string } {
  const type = request.headers['content-type'];
  const media = type?.split(';')[0]?.trim().toLowerCase();
  const ndjson = media === 'application/x-ndjson';
  if (!isJson(request.headers) && !ndjson) {
    // Plain text is parsed into a string, which then is no object.
    return media === 'text/plain' ? notAnObject(context) : unsupportedMediaType(context, type);
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return badLength(context, encoding);
  if (request.body === '') return emptyBody(context);
  // Line A parses the first line of NDJSON only; B hands the text to a schema that wants an object.
  if (ndjson && context.logtideServer === 'B') return notAnObject(context);
  const text = ndjson ? (request.body.split('\n', 1)[0] ?? '') : request.body;
  const parsed: Parsed = parseJson(text);
  if (!parsed.ok) return invalidJson(context, parsed.reason);
  if (context.logtideServer === 'A' && hasForbiddenKey(parsed.value, text)) {
    return invalidJson(context, 'Object contains forbidden prototype property');
  }
  return { value: parsed.value, text };
}

/** What the database does with entries that passed: A answers its error, B says 200 and stores nothing. */
function store(entries: readonly Record<string, unknown>[], text: string, context: CheckContext): CheckResult {
  const poison = findPoison(entries, text, context.logtideServer);
  if (poison === undefined) return received(context, entries);
  if (context.logtideServer === 'A' || poison.kind === 'depth') {
    return serverError(context, poison.code, poison.message);
  }
  return received(context, [], `received 0, the whole batch is lost: ${poison.message}`);
}

/**
 * LogTide: `POST /api/v1/ingest`, as server line A (0.5.0) or B (1.0.2) answers it.
 * Source: LogTide's wire contract §1, observed on both servers and replayed from their captures by the conformance test.
 * Not imitated: line A's broken database connection after a depth overflow, and enforcement of the request rate.
 */
export function checkLogtide(request: CheckRequest, context: CheckContext): CheckResult {
  const stranger = authenticate(request, context);
  if (stranger) return stranger;
  const body = readBody(request, context);
  if ('answer' in body) return body;
  if (Array.isArray(body.value) && context.logtideServer === 'B') {
    return store(normaliseArray(body.value), body.text, context);
  }
  if (!isObject(body.value)) return notAnObject(context);
  const batch = checkBatch(body.value.logs, context.logtideServer);
  return batch.ok ? store(batch.entries, body.text, context) : invalidShape(context, batch.details, batch.reason);
}
