import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/cli/preview-fields.ts';
import { type FieldReport, lossReport } from '../../src/cli/preview-loss.ts';
import { stateOf } from '../../src/cli/preview-output.ts';
import { recordOf } from '../../src/cli/preview-parts.ts';
import { leavesOf, pathText } from '../../src/cli/preview-places.ts';
import { previewPlatforms } from '../../src/cli/preview-platforms.ts';
import { partsOf } from '../../src/cli/preview-record.ts';
import { channelsOf } from '../../src/cli/preview-request.ts';

const PLATFORMS = previewPlatforms({ env: {}, readFile: () => '', delivery: {} });

function bothOf(name: string) {
  const found = PLATFORMS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const platformOf = (name: string) => bothOf(name).platform;

/** The report on a record, by field. */
function lossOf(platform: string, record: object): Readonly<Record<string, FieldReport>> {
  const { parts } = partsOf(record);
  const report = lossReport(bothOf(platform), parts, fieldsOf(parts));
  return Object.fromEntries(report.map((field) => [field.name, field]));
}

const places = (field: FieldReport | undefined) => field?.places.map(({ path, form }) => `${path} ${form}`);

const FULL = {
  timestamp: '2026-01-02T03:04:05.678901234Z',
  observedTimestamp: '2026-01-02T03:04:06Z',
  severityNumber: 18,
  severityText: 'ERR2',
  body: 'charging the card failed',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
  attributes: {
    'user.id': 'u-7',
    'tenant.id': 'acme',
    'session.id': '6f9619ff-8b86-4011-b42d-00c04fc964ff',
    duration_ms: 45,
    tags: ['slow', 'paid'],
    nested: { deep: { key: 'value' } },
    nothing: null,
    flag: true,
  },
  exception: {
    type: 'PaymentError',
    message: 'card declined',
    stacktrace: 'PaymentError: card declined\n    at charge (/app/pay.js:41:11)',
  },
  resource: { 'service.name': 'shop', 'service.version': '4.5.6', 'deployment.environment.name': 'production' },
  scope: { name: 'shop.payment', version: '1.2.0', attributes: { team: 'money' } },
};

describe('where the values of a record go', () => {
  it('in LogTide, checked by hand', () => {
    const loss = lossOf('logtide', FULL);
    expect(places(loss.body)).toEqual(['message same']);
    expect(places(loss.traceId)).toEqual(['trace_id same']);
    expect(places(loss.severityNumber)).toEqual(['level converted', 'metadata["otel.severity_number"] same']);
    expect(places(loss['severityNumber (within its level)'])).toEqual(['metadata["otel.severity_number"] same']);
    expect(places(loss['attributes["session.id"]'])).toContain('session_id same');
    expect(places(loss['resource["service.name"]'])).toContain('service same');
    expect(places(loss['attributes.nested.deep.key'])).toEqual(['metadata.nested.deep.key same']);
    expect(places(loss['attributes.tags[1]'])).toEqual(['metadata.tags[1] same']);
    expect(loss.timestamp?.places[0]).toEqual({
      ...{ path: 'time', form: 'converted', field: 'own', value: '2026-01-02T03:04:05.678Z' },
    });
    // Milliseconds in the field of its own, everything in the metadata.
    expect(places(loss['timestamp (nanoseconds)'])?.every((place) => place.startsWith('metadata'))).toBe(true);
    expect(Object.values(loss).filter((field) => stateOf(field) === 'lost')).toEqual([]);
  });

  it('in RedArch, checked by hand', () => {
    const loss = lossOf('redarch', FULL);
    expect(places(loss['attributes["user.id"]'])).toEqual(['user_id same']);
    expect(places(loss['attributes["tenant.id"]'])).toEqual(['tenant_id same']);
    expect(loss['attributes["tenant.id"]']?.places[0]?.field).toBe('own');
    expect(places(loss.traceId)).toEqual(['request_id same', 'context.trace_id same']);
    expect(places(loss['scope.name'])).toEqual(['logger_name same', 'context.scope.name same']);
    expect(loss['attributes.duration_ms']?.places[0]).toMatchObject({ path: 'context.duration_ms', field: 'free' });
    // Six digits of a second, and no place for more.
    expect(stateOf(loss['timestamp (microseconds)'] as FieldReport)).toBe('own');
    const lost = Object.values(loss).filter((field) => stateOf(field) === 'lost');
    expect(lost.map(({ name }) => name)).toEqual(['timestamp (nanoseconds)']);
  });

  it('in Trakerr, checked by hand: fields, and the last slot for the rest', () => {
    const loss = lossOf('trakerr', FULL);
    const slot = 'customProperties.stringData.customData10 (JSON)';
    expect(places(loss['attributes["user.id"]'])).toEqual(['eventUser same']);
    expect(places(loss['attributes["tenant.id"]'])).toEqual([`${slot}["tenant.id"] same`]);
    expect(places(loss['attributes.duration_ms'])).toContain('contextOperationTimeMillis same');
    expect(places(loss['attributes.tags[0]'])).toContain('contextTags[0] same');
    expect(places(loss['resource["service.version"]'])).toEqual(['contextAppVersion same']);
    expect(places(loss['attributes["exception.stacktrace"]'])).toContain(
      'eventStacktrace[0].traceLines[0].line converted',
    );
    expect(loss['attributes["tenant.id"]']?.places[0]?.field).toBe('free');
  });

  it('says what no longer fits into the last slot', () => {
    const long = 'a'.repeat(20_000);
    const loss = lossOf('trakerr', { body: 'x', attributes: { long, short: 'b' } });
    expect(loss['attributes.long']?.places).toEqual([]);
    expect(stateOf(loss['attributes.long'] as FieldReport)).toBe('lost');
    expect(stateOf(loss['attributes.short'] as FieldReport)).toBe('free');
    // The value is shown in short.
    expect(String(loss['attributes.long']?.value)).toBe(`${'a'.repeat(80)}…`);
  });

  it('says what is cut', () => {
    const body = `begin ${'x'.repeat(400_000)} end`;
    const loss = lossOf('redarch', { body });
    expect(loss.body?.places).toMatchObject([{ path: 'message', form: 'cut', field: 'own' }]);
    expect(stateOf(loss.body as FieldReport)).toBe('cut');
  });

  it('in Loggier and Odysseus, checked by hand', () => {
    const loggier = lossOf('loggier', FULL);
    expect(places(loggier['attributes["exception.type"]'])).toContain('exception.type same');
    expect(places(loggier['resource["deployment.environment.name"]'])).toContain('environment same');
    expect(places(loggier['attributes.tags[0]'])?.[0]).toBe('tags[0] same');
    const odysseus = lossOf('odysseus', FULL);
    expect(places(odysseus['attributes["session.id"]'])).toEqual(['session_id converted']);
    expect(odysseus['attributes["session.id"]']?.places[0]?.value).toBe('6f9619ff8b864011b42d00c04fc964ff');
    expect(places(odysseus['attributes["user.id"]'])).toEqual(['user same']);
    expect(places(odysseus['scope.name'])).toEqual(['tag same', 'context.scope.name same']);
  });

  it('follows an event into the other channel of Odysseus', () => {
    const event = { body: { order: 42 }, eventName: 'order.placed', attributes: { 'user.id': 'u-7' } };
    const parts = partsOf(event).parts;
    expect(channelsOf(platformOf('odysseus'), recordOf(parts))).toEqual([platformOf('odysseus').events]);
    // The platform decides, not the name alone: an exception that a span recorded is a log entry.
    const thrown = { eventName: 'exception', span: { name: 'GET /' }, exception: { type: 'E', message: 'm' } };
    expect(channelsOf(platformOf('odysseus'), recordOf(partsOf(thrown).parts))).toEqual([platformOf('odysseus').logs]);
    const loss = lossOf('odysseus', event);
    expect(places(loss.eventName)).toContain('name same');
    expect(places(loss['body.order'])).toEqual(['data.order same']);
    expect(loss['body.order']?.places[0]?.field).toBe('free');
  });

  it('does not call a default lost that is left out', () => {
    const loss = lossOf('logtide', { body: 'x', traceId: FULL.traceId, spanId: FULL.spanId, traceFlags: 0 });
    expect(loss.traceFlags?.places).toEqual([{ path: 'metadata["otel.flags"]', form: 'implied', field: 'free' }]);
  });

  it('tells what was taken out as a secret from what was lost, and does not show it', () => {
    const secret = 'correct-horse-battery';
    for (const { name } of PLATFORMS) {
      const loss = lossOf(name, { body: 'login', attributes: { 'user.password': secret, 'user.name': 'bob' } });
      const field = loss['attributes["user.password"]'] as FieldReport;
      expect(stateOf(field)).toBe('redacted');
      expect(field.places[0]).toMatchObject({ form: 'redacted', value: '[REDACTED]' });
      expect(JSON.stringify(loss)).not.toContain(secret);
      expect(stateOf(loss['attributes["user.name"]'] as FieldReport)).not.toBe('redacted');
    }
  });

  it('is not misled by ids and counters that differ each time', () => {
    for (const { name } of PLATFORMS) {
      const loss = lossOf(name, { body: 'hello', eventName: 'greeting' });
      const all = Object.values(loss).flatMap((field) => field.places.map(({ path }) => path));
      expect(all.filter((path) => /record_id|event_id|log_id|position|session/.test(path))).toEqual([]);
      expect(places(loss.body)?.length).toBeGreaterThan(0);
    }
  });

  it('finds every place of a payload, into texts of JSON', () => {
    const leaves = leavesOf({ a: [{ 'b.c': 1 }], d: '{"e":["x"]}', f: null, g: '{no json' });
    expect([...leaves.values()].map(({ path, value }) => [pathText(path), value])).toEqual([
      ['a[0]["b.c"]', 1],
      ['d (JSON) e[0]', 'x'],
      ['f', null],
      ['g', '{no json'],
    ]);
  });

  it('tries each value of the record once, and times down to the nanosecond', () => {
    expect(fieldsOf(partsOf(FULL).parts).map(({ name }) => name)).toEqual([
      ...['timestamp', 'timestamp (microseconds)', 'timestamp (nanoseconds)', 'observedTimestamp'],
      ...['severityNumber', 'severityNumber (within its level)', 'severityText', 'body', 'traceId', 'spanId'],
      'traceFlags',
      ...['exception.type', 'exception.message', 'exception.stacktrace', 'user.id', 'tenant.id', 'session.id'].map(
        (key) => `attributes["${key}"]`,
      ),
      ...['duration_ms', 'tags[0]', 'tags[1]', 'nested.deep.key', 'nothing', 'flag'].map((key) => `attributes.${key}`),
      ...['service.name', 'service.version', 'deployment.environment.name'].map((key) => `resource["${key}"]`),
      ...['scope.name', 'scope.version', 'scope.attributes.team'],
    ]);
  });
});
