import type { Sink, SinkPlatform, SinkRecord } from '../../src/sink/sink.ts';

export const PLATFORM_NAMES: readonly SinkPlatform[] = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

type Json = Readonly<Record<string, unknown>>;

/** Where each platform keeps the message of a log record (wire contracts). */
const MESSAGE: Readonly<Record<SinkPlatform, (record: Json) => unknown>> = {
  odysseus: (record) => record.message ?? record.name,
  logtide: (record) => record.message,
  redarch: (record) => record.message,
  loggier: (record) => record.message,
  trakerr: (record) => record.eventMessage,
};

function messageOf({ platform, record }: SinkRecord): string {
  return String(MESSAGE[platform](record));
}

/** Messages that the sink has stored for a platform, in alphabetical order. */
export function messages(sink: Sink, platform: SinkPlatform): string[] {
  return sink.records(platform).map(messageOf).sort();
}

/** Variables that point one platform at the sink. */
export function envOf(sink: Sink, platform: SinkPlatform): Record<string, string> {
  const prefix = platform === 'redarch' ? 'RARCH' : platform.toUpperCase();
  return Object.fromEntries(Object.entries(sink.env()).filter(([name]) => name.startsWith(`${prefix}_`)));
}
