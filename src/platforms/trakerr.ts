import { SINGLE } from '../codec/framing.ts';
import { jsonCodec } from '../codec/json-codec.ts';
import type { Endpoint, HttpAnswer } from '../delivery/endpoint.ts';
import type { Verdict } from '../delivery/verdict.ts';
import { judgeStatus } from '../delivery/verdict.ts';
import type { Channel, Platform } from './platform.ts';
import type { BaseUrl, Secret } from './settings.ts';
import { optionalText, optionalTexts, parseBaseUrl, secretReader } from './settings.ts';
import type { TrakerrDefaults } from './trakerr-client.ts';
import type { TrakerrCustomData } from './trakerr-custom-data.ts';
import { CustomDataSlots } from './trakerr-custom-data.ts';
import type { TrakerrEventSettings } from './trakerr-event.ts';
import { trakerrMapper } from './trakerr-event.ts';
import { SystemLoad } from './trakerr-system-load.ts';

export type { TrakerrCustomData, TrakerrDefaults };

/** Options of `trakerr()`. What a record says wins over the defaults given here, and these over its resource. */
export interface TrakerrOptions extends TrakerrDefaults {
  /** The project's key, or a function returning it. Put into the body while it is sent, never before. */
  readonly apiKey: Secret;
  /** Base address. Default `https://www.trakerr.io/api/v1`. */
  readonly url?: string;
  /** Groups events, where a record has no `trakerr.classification`. Default `log` up to info, else `issue`. */
  readonly classification?: string;
  /** `eventUser`, where a record has no `enduser.id`, `user.id`, `user.email` or `user.name`. Default none. */
  readonly user?: string;
  /** `eventSession`, where a record has no `session.id`. Default none. */
  readonly session?: string;
  /** Tags of every event; those of the record (attribute `tags`) and the scope's name follow. Default none. */
  readonly tags?: readonly string[];
  /** Which attributes go into which slots of `customProperties`. Default none. */
  readonly customProperties?: TrakerrCustomData;
  /** The same for `customSegments`. Default none. */
  readonly customSegments?: TrakerrCustomData;
  /**
   * The slot of `customProperties.stringData` that takes all that has no field, as one JSON text; false leaves it out.
   * Default 10.
   */
  readonly unmappedSlot?: number | false;
  /** Most UTF-8 bytes of that text, at least 256; entries beyond are left out whole. Default 16,384. */
  readonly maxUnmappedBytes?: number;
  /** Correlation id `{trace id}-{span id}` instead of the trace id alone. Default false. */
  readonly correlateSpans?: boolean;
  /** Send the machine's CPU and memory use, sampled every 5 s. Default true. */
  readonly systemLoad?: boolean;
  /** Cut the working directory, as it is now, from the paths of stack frames. Default false. */
  readonly stripWorkingDirectory?: boolean;
  /** `line` of a frame as the text `line:column`, as the official JavaScript client sends it. Default false. */
  readonly lineColumn?: boolean;
}

const DEFAULT_URL = 'https://www.trakerr.io/api/v1';
const DEFAULT_UNMAPPED_SLOT = 10;
const DEFAULT_UNMAPPED_BYTES = 16_384;
const MIN_UNMAPPED_BYTES = 256;
const DEFAULT_NAMES = [
  ...(['appVersion', 'deploymentStage', 'sku', 'device', 'dataCenter', 'dataCenterRegion', 'envName'] as const),
  ...(['envVersion', 'hostname', 'os', 'osVersion', 'browser', 'browserVersion'] as const),
];

function flag(option: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new TypeError(`trakerr: ${option} must be a boolean, got ${typeof value}`);
  return value;
}

function integer(option: string, value: unknown, min: number, max: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`trakerr: ${option} must be an integer from ${min} to ${max}`);
  }
  return value;
}

function slotForUnmapped(value: number | false | undefined, taken: CustomDataSlots): number | undefined {
  if (value === false) return undefined;
  const slot = integer('unmappedSlot', value, 1, 10, DEFAULT_UNMAPPED_SLOT);
  if (taken.hasStringSlot(slot)) {
    throw new RangeError(`trakerr: customProperties.stringData has slot ${slot}, which is unmappedSlot`);
  }
  return slot;
}

function clientDefaults(options: TrakerrOptions): TrakerrDefaults {
  const defaults: { -readonly [Name in keyof TrakerrDefaults]: string } = {};
  for (const name of DEFAULT_NAMES) {
    const value = optionalText(`trakerr: ${name}`, options[name]);
    if (value !== undefined) defaults[name] = value;
  }
  return defaults;
}

function eventSettings(options: TrakerrOptions): TrakerrEventSettings {
  const customProperties = new CustomDataSlots('trakerr: customProperties', options.customProperties);
  return {
    defaults: clientDefaults(options),
    classification: optionalText('trakerr: classification', options.classification),
    user: optionalText('trakerr: user', options.user),
    session: optionalText('trakerr: session', options.session),
    tags: optionalTexts('trakerr: tags', options.tags),
    customProperties,
    customSegments: new CustomDataSlots('trakerr: customSegments', options.customSegments),
    unmappedSlot: slotForUnmapped(options.unmappedSlot, customProperties),
    maxUnmappedBytes: integer(
      'maxUnmappedBytes',
      options.maxUnmappedBytes,
      MIN_UNMAPPED_BYTES,
      262_144,
      DEFAULT_UNMAPPED_BYTES,
    ),
    correlateSpans: flag('correlateSpans', options.correlateSpans, false),
    load: flag('systemLoad', options.systemLoad, true) ? new SystemLoad() : undefined,
    workingDirectory: flag('stripWorkingDirectory', options.stripWorkingDirectory, false) ? process.cwd() : undefined,
    lineColumn: flag('lineColumn', options.lineColumn, false),
  };
}

/** The key goes first into the object, while it is sent: the text that rests has none. */
function withKey(body: Uint8Array, apiKey: string): Uint8Array {
  const start = Buffer.from(`{"apiKey":${JSON.stringify(apiKey)},`);
  const whole = Buffer.allocUnsafe(start.length + body.length - 1);
  start.copy(whole);
  whole.set(body.subarray(1), start.length);
  return whole;
}

/** A captive portal or a parked domain answers 200 with a page; the platform answers `{}`. */
function judge(answer: HttpAnswer): Verdict {
  const verdict = judgeStatus(answer);
  const html = /^\s*text\/html\b/i.test(answer.headers['content-type'] ?? '');
  return verdict.kind === 'delivered' && html ? { kind: 'transient', reason: 'not a Trakerr answer' } : verdict;
}

function endpoint(base: BaseUrl, apiKey: () => string): Endpoint {
  return {
    origin: base.origin,
    request: (body) => ({
      path: `${base.path}/events`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: withKey(body, apiKey()),
    }),
    judge,
  };
}

/**
 * Trakerr, by `POST {url}/events`: one AppEvent per request, 16 requests at once. Throws a `TypeError` or `RangeError`
 * for missing or malformed options. Source: Trakerr's wire contract, taken from its clients of 2017 and their model.
 */
export function trakerr(options: TrakerrOptions): Platform {
  if (options.apiKey === undefined) throw new TypeError('trakerr: apiKey is missing');
  const codec = jsonCodec({
    maxRecords: 1,
    maxBytes: 1_000_000,
    mapper: trakerrMapper(eventSettings(options)),
    framing: () => SINGLE,
  });
  const channel: Channel = {
    codec,
    endpoint: endpoint(
      parseBaseUrl('trakerr: url', options.url ?? DEFAULT_URL),
      secretReader('trakerr: apiKey', options.apiKey),
    ),
    concurrency: 16,
  };
  return { name: 'trakerr', logs: channel, events: channel };
}
