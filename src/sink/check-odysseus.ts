import type { CheckContext, CheckRequest, CheckResult } from './check.ts';
import { decodeSegment, isObject, readJsonBody, refuse, sameSecret } from './check.ts';
import type { Field } from './fields.ts';
import { checkFields, filledText, integer, isoTime, object, optional, required, text, uuid } from './fields.ts';

const int32Max = 2_147_483_647;
const int16Max = 32_767;

// Seven digits and all three zone forms: the widest that official clients send (C#: 7 digits; Python: offsets, and no
// zone at all for a naive datetime).
const timestamp = isoTime(7, ['Z', 'offset', 'none']);

const logFields: readonly Field[] = [
  required('session_id', uuid),
  required('message', text),
  required('severity', integer(0, 6)),
  required('timestamp', timestamp),
  optional('tag', text),
  optional('platform', integer(0, int16Max)),
  optional('file', text),
  optional('method', text),
  optional('line', integer(0, int32Max)),
  optional('thread', integer(0, Number.MAX_SAFE_INTEGER)),
  optional('thread_name', text),
  optional('user', text),
  optional('context', object),
];

const eventFields: readonly Field[] = [
  required('id', uuid),
  required('name', filledText),
  required('session_id', uuid),
  required('type', integer(-int32Max - 1, int32Max)),
  required('timestamp', timestamp),
  optional('stream_id', uuid),
  // Null is what the Python client's event() sends; C# and Android declare 32 bits.
  optional('position', integer(0, int32Max)),
  optional('platform', integer(0, int16Max)),
  optional('user', text),
  optional('data', object),
  optional('meta', object),
];

const bad = (status: number, error: string, reason: string): CheckResult =>
  refuse(status, { error, message: reason }, reason);

/**
 * Odysseus: `POST /api/logs/{id}/{key}` and `/api/events/{id}/{key}`, body a JSON array, one bad entry refuses all.
 * The field types are the clients' (Odysseus's wire contract §1); that the server checks them, and every answer body, is
 * inferred, since no server source is public.
 */
export function checkOdysseus(request: CheckRequest, context: CheckContext): CheckResult {
  const [id, key, ...rest] = request.path.split('/').slice(3).map(decodeSegment);
  // A slash in a key that was not escaped makes a third segment: the wrong route rather than a wrong key.
  if (id === undefined || key === undefined || rest.length > 0) {
    return bad(404, 'Not Found', 'path: must be /api/{logs|events}/{app id}/{app key}');
  }
  const { odysseusAppId, odysseusAppKey } = context.credentials;
  if (!sameSecret(id, odysseusAppId)) return bad(401, 'Unauthorized', 'app id: unknown');
  if (!sameSecret(key, odysseusAppKey)) return bad(401, 'Unauthorized', 'app key: wrong');
  const parsed = readJsonBody(request);
  if (!parsed.ok) return bad(parsed.status ?? 400, 'Bad Request', parsed.reason);
  const entries = parsed.value;
  if (!Array.isArray(entries) || entries.length === 0) {
    return bad(400, 'Bad Request', 'body: must be a JSON array with at least one entry');
  }
  const fields = request.channel === 'events' ? eventFields : logFields;
  for (const [index, entry] of entries.entries()) {
    if (!isObject(entry)) return bad(400, 'Bad Request', `[${index}]: must be an object`);
    const problem = checkFields(entry, fields);
    if (problem) return bad(400, 'Bad Request', `[${index}].${problem.field}: ${problem.reason}`);
  }
  return { answer: { status: 200, body: { accepted: entries.length } }, records: entries };
}
