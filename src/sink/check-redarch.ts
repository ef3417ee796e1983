import type { CheckContext, CheckRequest, CheckResult } from './check.ts';
import { isObject, readJsonBody, refuse } from './check.ts';
import type { Field } from './fields.ts';
import { checkFields, filledText, isoTime, object, oneOf, text } from './fields.ts';
import { verifyToken } from './jwt.ts';

const nullableText = (value: unknown): string | undefined => (value === null ? undefined : text(value));
const key = (name: string, rule: Field['rule']): Field => ({ name, rule, optional: false });

// All nine keys are on every record any client ever sent, null or not, so a missing one is a fault of ours.
const fields: readonly Field[] = [
  // Both vocabularies: RedArch's own and the Python standard library's (client 0.1.14).
  key('level', oneOf('DEBUG', 'INFO', 'WARN', 'WARNING', 'ERROR', 'FATAL', 'CRITICAL')),
  key('service', filledText),
  key('logger_name', filledText),
  key('message', text),
  key('user_id', nullableText),
  key('tenant_id', nullableText),
  key('request_id', filledText),
  key('context', object),
  key('client_log_datetime', isoTime(9, ['Z', 'offset'])),
];

const bad = (status: number, error: string, reason: string): CheckResult =>
  refuse(status, { error, message: reason }, reason);

/**
 * RedArch: `POST /log`, one record, a Bearer token per record.
 * Keys, levels and the token are the clients' (RedArch's wire contract §1). Inferred: that the server compares `sub` with the
 * record's service, wants an object as context and a time with a zone, and all answer bodies. Unknown keys pass, since
 * client 0.1.11 leaks `retry_count`.
 */
export function checkRedarch(request: CheckRequest, context: CheckContext): CheckResult {
  const bearer = /^Bearer ([^\s]+)$/.exec(request.headers.authorization ?? '');
  if (bearer?.[1] === undefined) return bad(401, 'Unauthorized', 'authorization: must be "Bearer <token>"');
  const token = verifyToken(bearer[1], context.credentials.redarchApiKey, context.nowMillis);
  if (!token.ok) return bad(401, 'Unauthorized', token.reason);
  const parsed = readJsonBody(request);
  if (!parsed.ok) return bad(parsed.status ?? 400, 'Bad Request', parsed.reason);
  const record = parsed.value;
  if (!isObject(record)) return bad(400, 'Bad Request', 'body: must be one JSON object');
  const problem = checkFields(record, fields);
  if (problem) return bad(400, 'Bad Request', `${problem.field}: ${problem.reason}`);
  if (record.service !== token.subject) return bad(401, 'Unauthorized', "token: sub is not the record's service");
  return { answer: { status: 200, body: { status: 'ok' } }, records: [record] };
}
