import type { CheckContext, CheckRequest, CheckResult } from './check.ts';
import { isObject, readJsonBody, refuse, sameSecret } from './check.ts';
import type { Field, FieldRule } from './fields.ts';
import { checkFields, integer, number, optional, required, text, textList } from './fields.ts';
import { redacted } from './redact.ts';

const int32 = integer(-2_147_483_648, 2_147_483_647);
const int64 = integer(0, Number.MAX_SAFE_INTEGER);
// Declared int32, but the Python client sends fractions with every event, so the server must take them.
const percentage = number(0, 100);

const levels = new Set(['debug', 'info', 'warning', 'error', 'fatal']);
// Any case: the JavaScript client sends `Error` and `Warning`.
const level: FieldRule = (value) =>
  typeof value === 'string' && levels.has(value.toLowerCase()) ? undefined : `must be one of ${[...levels].join(' ')}`;

/** An object that may have only the given keys; all of them optional. */
function closed(fields: readonly Field[]): FieldRule {
  const known = new Set(fields.map((field) => field.name));
  return (value) => {
    if (!isObject(value)) return 'must be an object';
    for (const key of Object.keys(value)) if (!known.has(key)) return `has the unknown key ${JSON.stringify(key)}`;
    const problem = checkFields(value, fields);
    return problem && `has a bad ${problem.field}: ${problem.reason}`;
  };
}

/** An array of such objects. */
const listOf =
  (rule: FieldRule): FieldRule =>
  (value) => {
    if (!Array.isArray(value)) return 'must be an array';
    for (const [index, item] of value.entries()) {
      const reason = rule(item);
      if (reason !== undefined) return `[${index}] ${reason}`;
    }
    return undefined;
  };

const slots = (rule: FieldRule): FieldRule =>
  closed(Array.from({ length: 10 }, (_, index) => optional(`customData${index + 1}`, rule)));

const double = number(-Number.MAX_VALUE, Number.MAX_VALUE);
const customData = closed([optional('stringData', slots(text)), optional('doubleData', slots(double))]);
const traceLine = closed([optional('function', text), optional('line', int32), optional('file', text)]);
const stacktrace = listOf(
  closed([optional('type', text), optional('message', text), optional('traceLines', listOf(traceLine))]),
);

const textKeys =
  'eventUser eventSession contextAppVersion deploymentStage contextEnvName contextEnvLanguage contextEnvVersion ' +
  'contextEnvHostname contextAppOS contextAppOSVersion contextAppBrowser contextAppBrowserVersion contextDataCenter ' +
  'contextDataCenterRegion contextURL contextCrossAppCorrelationId contextDevice contextAppSku';

const fields: readonly Field[] = [
  required('apiKey', text),
  required('classification', text),
  required('eventType', text),
  required('eventMessage', text),
  optional('logLevel', level),
  optional('eventTime', int64),
  optional('eventStacktrace', stacktrace),
  optional('contextTags', textList),
  optional('contextOperationTimeMillis', int64),
  optional('contextCpuPercentage', percentage),
  optional('contextMemoryPercentage', percentage),
  optional('customProperties', customData),
  optional('customSegments', customData),
  ...textKeys.split(' ').map((name) => optional(name, text)),
];
const known = new Set(fields.map((field) => field.name));

const bad = (code: number, names: string, message: string): CheckResult =>
  refuse(code, { code, message, fields: names }, `${names}: ${message}`);

/**
 * Trakerr: `POST /api/v1/events`, one AppEvent with the key inside the body.
 * Keys, types and the error model `{code, message, fields}` are the published model's (Trakerr's wire contract §1); that the
 * server enforces them, and refuses unknown keys, is inferred. Nulls pass where a field is optional, because the
 * JavaScript client sends them.
 */
export function checkTrakerr(request: CheckRequest, context: CheckContext): CheckResult {
  const parsed = readJsonBody(request);
  if (!parsed.ok) return bad(parsed.status ?? 400, 'body', parsed.reason);
  const event = parsed.value;
  if (!isObject(event)) return bad(400, 'body', 'must be one JSON object');
  const key = event.apiKey;
  if (typeof key !== 'string' || !sameSecret(key, context.credentials.trakerrApiKey)) {
    return bad(401, 'apiKey', key === undefined ? 'is missing' : 'is wrong');
  }
  for (const name of Object.keys(event)) if (!known.has(name)) return bad(400, name, 'is not a field of AppEvent');
  const problem = checkFields(event, fields);
  if (problem) return bad(400, problem.field, problem.reason);
  return { answer: { status: 200, body: {} }, records: [{ ...event, apiKey: redacted }] };
}
