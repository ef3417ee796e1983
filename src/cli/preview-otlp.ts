import { BadRecord, idAt, membersAt, nanosAt, textAt, wholeAt } from './preview-check.ts';
import type { RecordParts } from './preview-parts.ts';

type Members = Readonly<Record<string, unknown>>;

/** Whether a record is written as OTLP's JSON, or is a whole export request. */
export function looksLikeOtlp(record: Members): boolean {
  const { body, attributes } = record;
  if ('resourceLogs' in record || 'timeUnixNano' in record || 'observedTimeUnixNano' in record) return true;
  if (Array.isArray(attributes)) return true;
  return typeof body === 'object' && body !== null && Object.keys(body).length === 1 && 'stringValue' in body;
}

function listAt(path: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new BadRecord(path, 'must be a list', value);
}

/** An `AnyValue` as a plain one; 64-bit integers beyond 2⁵³ become text, bytes stay base64. */
function valueAt(path: string, value: unknown): unknown {
  const wrapped = membersAt(path, value);
  const [kind, inner] = Object.entries(wrapped)[0] ?? [];
  switch (kind) {
    case undefined:
      return null;
    case 'stringValue':
    case 'boolValue':
    case 'bytesValue':
      return inner;
    case 'doubleValue':
      return Number(inner);
    case 'intValue':
      return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
    case 'arrayValue': {
      const { values = [] } = membersAt(`${path}.arrayValue`, inner);
      return listAt(`${path}.arrayValue.values`, values).map((item, at) =>
        valueAt(`${path}.arrayValue.values[${at}]`, item),
      );
    }
    case 'kvlistValue':
      return pairsAt(`${path}.kvlistValue.values`, membersAt(`${path}.kvlistValue`, inner).values ?? []);
    default:
      throw new BadRecord(`${path}.${kind}`, 'is no OTLP value; use stringValue, intValue, boolValue and so on');
  }
}

function pairsAt(path: string, value: unknown): Members {
  const entries = listAt(path, value).map((pair, index) => {
    const { key, value: inner } = membersAt(`${path}[${index}]`, pair);
    return [textAt(`${path}[${index}].key`, key), valueAt(`${path}[${index}].value`, inner ?? {})];
  });
  return Object.fromEntries(entries);
}

interface Surrounding {
  readonly path: string;
  readonly record: Members;
  readonly resource: Members;
  readonly scope: RecordParts['scope'];
}

function scopeAt(path: string, value: unknown): RecordParts['scope'] {
  const { name, version, attributes } = membersAt(path, value);
  return {
    ...(name !== undefined && { name: textAt(`${path}.name`, name) }),
    ...(version !== undefined && { version: textAt(`${path}.version`, version) }),
    ...(attributes !== undefined && { attributes: pairsAt(`${path}.attributes`, attributes) }),
  };
}

/** The first record of an export request, with its resource and scope. */
function firstOf(request: Members): Surrounding {
  const path = 'resourceLogs[0]';
  const outer = membersAt(path, listAt('resourceLogs', request.resourceLogs)[0]);
  const inner = membersAt(`${path}.scopeLogs[0]`, listAt(`${path}.scopeLogs`, outer.scopeLogs)[0]);
  const at = `${path}.scopeLogs[0].logRecords`;
  const attributes = membersAt(`${path}.resource`, outer.resource ?? {}).attributes ?? [];
  return {
    path: `${at}[0]`,
    record: membersAt(`${at}[0]`, listAt(at, inner.logRecords)[0]),
    resource: pairsAt(`${path}.resource.attributes`, attributes),
    scope: scopeAt(`${path}.scopeLogs[0].scope`, inner.scope ?? {}),
  };
}

/** A record of OTLP's JSON encoding. Throws `BadRecord`. */
export function otlpParts(given: Members): RecordParts {
  const around = 'resourceLogs' in given ? firstOf(given) : { path: '', record: given, resource: {}, scope: {} };
  const { record, resource, scope } = around;
  const at = (name: string): string => (around.path === '' ? name : `${around.path}.${name}`);
  const has = (name: string): boolean => record[name] !== undefined && record[name] !== '' && record[name] !== '0';
  return {
    ...(has('timeUnixNano') && { timestamp: nanosAt(at('timeUnixNano'), record.timeUnixNano) }),
    ...(has('observedTimeUnixNano') && {
      observedTimestamp: nanosAt(at('observedTimeUnixNano'), record.observedTimeUnixNano),
    }),
    ...(has('severityNumber') && { severityNumber: wholeAt(at('severityNumber'), record.severityNumber, 0, 24) }),
    ...(has('severityText') && { severityText: textAt(at('severityText'), record.severityText) }),
    ...(has('body') && { body: valueAt(at('body'), record.body) }),
    ...(has('eventName') && { eventName: textAt(at('eventName'), record.eventName) }),
    ...(has('traceId') && { traceId: idAt(at('traceId'), record.traceId, 32) }),
    ...(has('spanId') && { spanId: idAt(at('spanId'), record.spanId, 16) }),
    ...(has('flags') && { traceFlags: wholeAt(at('flags'), record.flags, 0, 4_294_967_295) & 0xff }),
    attributes: pairsAt(at('attributes'), record.attributes ?? []),
    resource,
    scope,
  };
}
