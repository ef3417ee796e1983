import { expect } from 'vitest';
import { PlatformLogExporter } from '../../src/exporter.ts';
import type { Channel, Platform } from '../../src/platforms/platform.ts';
import { PLATFORMS, type PlatformName } from '../../src/platforms/registry.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { startSink } from '../../src/sink/sink.ts';
import type { Sink, SinkCredentials, SinkRecord } from '../../src/sink/types.ts';
import { duplicateKeys, textProblems } from './records.ts';

/** What each platform's factory needs to reach a sink. */
const OPTIONS: Readonly<
  Record<PlatformName, (url: string, keys: SinkCredentials) => Readonly<Record<string, unknown>>>
> = {
  odysseus: (url, keys) => ({ url, appId: keys.odysseusAppId, appKey: keys.odysseusAppKey }),
  logtide: (url, keys) => ({ url, apiKey: keys.logtideApiKey }),
  redarch: (url, keys) => ({ url: `${url}/log`, apiKey: keys.redarchApiKey }),
  loggier: (url, keys) => ({ url, apiKey: keys.loggierApiKey }),
  trakerr: (url, keys) => ({ url: `${url}/api/v1`, apiKey: keys.trakerrApiKey }),
};

export const PLATFORM_NAMES: readonly PlatformName[] = PLATFORMS.map(({ name }) => name);

/** A platform that sends to `url`. */
export function platformAt(name: PlatformName, url: string, credentials: SinkCredentials): Platform {
  const entry = PLATFORMS.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`no platform ${name}`);
  return entry.create(OPTIONS[name](url, credentials));
}

/** Everything in a value: itself, the members of objects and lists, and those of JSON texts. */
export function* within(value: unknown): Generator<{ readonly key: string; readonly value: unknown }> {
  const inner = typeof value === 'string' ? parsed(value) : value;
  if (typeof inner !== 'object' || inner === null) return;
  for (const [key, member] of Object.entries(inner)) {
    yield { key, value: member };
    yield* within(member);
  }
}

function parsed(text: string): unknown {
  if (!/^[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value of the first member called `key`, however deep; undefined when there is none. */
export function memberOf(value: unknown, key: string): unknown {
  for (const each of within(value)) if (each.key === key) return each.value;
  return undefined;
}

/** One platform in front of a sink. */
export class PlatformRig {
  readonly name: PlatformName;
  readonly platform: Platform;
  readonly channels: readonly Channel[];
  readonly sink: Sink;

  constructor(name: PlatformName, sink: Sink) {
    this.name = name;
    this.sink = sink;
    this.platform = platformAt(name, sink.url, sink.credentials);
    this.channels = [...new Set([this.platform.logs, this.platform.events])];
  }

  /** A record as each channel writes it: one JSON object that any parser and database takes. */
  encode(record: EmittedRecord): readonly Record<string, unknown>[] {
    return this.channels.map(({ codec }) => {
      const text = codec.encode(record);
      expect(Buffer.byteLength(text)).toBeLessThan(codec.maxBytes);
      expect(textProblems(text)).toEqual([]);
      expect(duplicateKeys(text)).toEqual([]);
      return JSON.parse(text) as Record<string, unknown>;
    });
  }

  /** Sends records in one batch; each must arrive as one record. */
  async deliver(records: readonly EmittedRecord[], meanwhile: () => void = () => {}): Promise<readonly SinkRecord[]> {
    this.sink.clear();
    const exporter = new PlatformLogExporter(this.platform, { timeouts: { flushMillis: 20_000 } });
    exporter.export(records as EmittedRecord[], () => {});
    meanwhile();
    await exporter.forceFlush();
    const { accepted, delivered, deadLettered } = exporter.stats();
    await exporter.shutdown();
    expect({ accepted, delivered, deadLettered }).toEqual({
      accepted: records.length,
      delivered: records.length,
      deadLettered: 0,
    });
    expect(this.sink.counts()[this.name].refused).toBe(0);
    const stored = this.sink.records(this.name);
    expect(stored).toHaveLength(records.length);
    return stored;
  }
}

/** One platform in front of a sink of its own; close the sink at the end. */
export async function platformRig(name: PlatformName): Promise<PlatformRig> {
  return new PlatformRig(name, await startSink());
}
