import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logtide } from '../../src/platforms/logtide.ts';
import type { EmittedRecord } from '../../src/record/record.ts';

const CAPTURES = new URL('../../../shared/captures/logtide/', import.meta.url);
const present = existsSync(CAPTURES);
if (!present) console.info('skipped: the captures of the official clients are not here');

interface Entry {
  readonly service: string;
  readonly level: keyof typeof NUMBERS;
  readonly message: string;
  readonly time?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly session_id?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const NUMBERS = { debug: 5, info: 9, warn: 13, error: 17, critical: 21 } as const;

/** Metadata of ours that the official clients do not have. */
const OURS = ['event_id', 'resource', 'sdk', 'environment', 'release', 'exception'];

function captured(name: string): readonly Entry[] {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, CAPTURES), 'utf8')) as {
    request?: { body: { logs: Entry[] } };
    requests?: { body: { logs: Entry[] } }[];
  };
  const requests = file.requests ?? [file.request as { body: { logs: Entry[] } }];
  return requests.flatMap((request) => request.body.logs);
}

function hrTime(iso: string): [number, number] {
  const fraction = /\.(\d+)Z$/.exec(iso)?.[1] ?? '0';
  return [Math.floor(Date.parse(iso) / 1000), Number(fraction.padEnd(9, '0'))];
}

/** The OpenTelemetry record of what the application logged when the official client sent this entry. */
function recordOf(entry: Entry): EmittedRecord {
  const { sdk: _sdk, exception, environment, release, ...attributes } = entry.metadata;
  const error = exception as { type: string; message: string; raw?: string } | undefined;
  const time = hrTime(entry.time ?? '2026-01-02T03:04:05.000Z');
  const parts: unknown = {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: NUMBERS[entry.level],
    body: entry.message,
    attributes: {
      ...attributes,
      ...(error && {
        'exception.type': error.type,
        'exception.message': error.message,
        ...(error.raw !== undefined && { 'exception.stacktrace': error.raw }),
      }),
    },
    droppedAttributesCount: 0,
    instrumentationScope: { name: '' },
    resource: {
      attributes: {
        'service.name': entry.service,
        ...(environment !== undefined && { 'deployment.environment.name': environment }),
        ...(release !== undefined && { 'service.version': release }),
      },
    },
    ...(entry.trace_id !== undefined && {
      spanContext: { traceId: entry.trace_id, spanId: entry.span_id ?? '00f067aa0ba902b7', traceFlags: 1 },
    }),
  };
  return parts as EmittedRecord;
}

function encode(entry: Entry): Entry {
  const { codec } = logtide({ url: 'https://logs.example.com', apiKey: 'lp_test_key' }).logs;
  return JSON.parse(codec.encode(recordOf(entry))) as Entry;
}

/** Captures whose entries an OpenTelemetry record can express in full. */
const PLAIN = [
  ...['py-info-metadata', 'py-level-debug', 'py-level-info', 'py-level-warn', 'py-level-error', 'py-global-metadata'],
  ...['js-core-level-debug', 'js-core-level-info', 'js-core-level-warn', 'js-core-level-critical', 'js-core-batch-3'],
  ...['js-core-env-release', 'js-core-dsn-base-path', 'js-node-info-metadata', 'py-async-info'],
];

describe.skipIf(!present)('LogTide against captures of the official clients', () => {
  it.each(PLAIN)('%s: every field of the entry is the same', (name) => {
    const entries = captured(name);
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) {
      const ours = encode(entry);
      // The server keeps milliseconds, so we send no more; the Python client writes six digits.
      const time = entry.time === undefined ? ours.time : new Date(entry.time).toISOString();
      expect(ours).toMatchObject({ service: entry.service, level: entry.level, message: entry.message, time });
      const { sdk: _sdk, ...wanted } = entry.metadata;
      expect(ours.metadata).toMatchObject(wanted);
      const extra = Object.keys(ours.metadata).filter((key) => !(key in wanted) && !key.startsWith('otel.'));
      expect(OURS).toEqual(expect.arrayContaining(extra));
    }
  });

  it('js-core trace ids of 32 hex digits go to the same field', () => {
    const [entry] = captured('js-core-hub') as [Entry];
    expect(encode(entry).trace_id).toBe(entry.trace_id);
  });

  it.each(['js-core-error-cause-chain', 'js-node-error-cause'])('%s: the exception has the same shape', (name) => {
    const [entry] = captured(name) as [Entry];
    const official = entry.metadata.exception as Record<string, unknown>;
    const ours = encode(entry).metadata.exception as Record<string, unknown>;
    expect(ours).toMatchObject({
      type: official.type,
      message: official.message,
      raw: official.raw,
      language: 'nodejs',
    });
    // Deliberately different: no `node:` frames, no "async " in front of paths (both spoil the server's grouping).
    const frames = (official.stacktrace as { file: string }[])
      .filter(({ file }) => !file.startsWith('node:'))
      .map((frame) => ({ ...frame, file: frame.file.replace(/^async /, '') }));
    expect(ours.stacktrace).toEqual(frames);
  });

  it('js-core-error-empty-message: what the server refused is repaired', () => {
    const [entry] = captured('js-core-error-empty-message') as [Entry];
    expect(entry.message).toBe('');
    const ours = encode(entry);
    expect(ours.message).not.toBe('');
    expect((ours.metadata.exception as { message: string }).message).not.toBe('');
  });
});
