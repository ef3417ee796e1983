import type { FieldRule, FieldRules } from '../record/attribute-picker.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes } from '../record/record.ts';

/** Attributes of a record that are fields of an AppEvent, or parts of one. */
export interface EventFields {
  classification?: string;
  user?: string;
  session?: string;
  browser?: string;
  browserVersion?: string;
  correlationId?: string;
  device?: string;
  sku?: string;
  appVersion?: string;
  deploymentStage?: string;
  hostname?: string;
  dataCenter?: string;
  dataCenterRegion?: string;
  tags?: unknown;
  eventName?: string;
  /** Operation times in whole milliseconds, by source; the first that is there counts. */
  eventDuration?: number;
  durationMillis?: number;
  serverDuration?: number;
  clientDuration?: number;
  /** Query values masked. */
  url?: string;
  urlScheme?: string;
  urlHost?: string;
  urlPort?: number;
  urlPath?: string;
  /** Masked, without `?`. */
  urlQuery?: string;
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

const textFrom = (...from: readonly string[]): FieldRule<string> => ({ from, read: text });

/** A part of a URL: read, and left among the other attributes as well. */
const partFrom = (...from: readonly string[]): FieldRule<string> => ({ from, read: text, keep: () => true });

function maskQuery(query: string): string {
  return query.replace(/=[^&#]*/g, '=***');
}

/** A URL whose query and fragment keep their names but not their values, and which has no password. */
export function maskUrl(url: string): string {
  const withoutUser = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1***@');
  const start = withoutUser.search(/[?#]/);
  return start === -1 ? withoutUser : withoutUser.slice(0, start) + maskQuery(withoutUser.slice(start));
}

type ToMillis = (duration: number) => number;

function exactMillis(value: unknown, toMillis: ToMillis): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 0)) return undefined;
  const millis = toMillis(number);
  return Number.isSafeInteger(Math.round(millis)) ? millis : undefined;
}

/** A whole number of milliseconds; an attribute that says more than that stays among the others. */
function duration(attribute: string, toMillis: ToMillis): FieldRule<number> {
  return {
    from: [attribute],
    read: (value) => {
      const millis = exactMillis(value, toMillis);
      return millis === undefined ? undefined : Math.round(millis);
    },
    keep: (value) => !Number.isInteger(exactMillis(value, toMillis)),
  };
}

/** The operation times, best first, with the attribute each comes from. */
export const DURATIONS = [
  ['eventDuration', 'event.duration'],
  ['durationMillis', 'duration_ms'],
  ['serverDuration', 'http.server.request.duration'],
  ['clientDuration', 'http.client.request.duration'],
] as const satisfies readonly (readonly [keyof EventFields, string])[];

/** What each field is read from, best source first. */
export const EVENT_FIELDS: FieldRules<EventFields> = {
  classification: textFrom('trakerr.classification'),
  user: textFrom('enduser.id', 'user.id', 'user.email', 'user.name'),
  session: textFrom('session.id'),
  browser: textFrom('user_agent.name', 'browser.name'),
  browserVersion: textFrom('user_agent.version', 'browser.version'),
  correlationId: textFrom('trakerr.correlation_id'),
  device: textFrom('device.model.name', 'device.id'),
  sku: textFrom('trakerr.sku'),
  appVersion: textFrom('service.version'),
  deploymentStage: textFrom('deployment.environment.name', 'deployment.environment'),
  hostname: textFrom('host.name'),
  dataCenter: textFrom('cloud.availability_zone'),
  dataCenterRegion: textFrom('cloud.region'),
  tags: {
    from: ['tags'],
    read: (tags) => (typeof tags === 'string' || Array.isArray(tags) ? tags : undefined),
  },
  eventName: textFrom('event.name'),
  // Nanoseconds as the Elastic Common Schema defines it; OpenTelemetry has no attribute of that name.
  eventDuration: duration('event.duration', (nanos) => nanos / 1e6),
  durationMillis: duration('duration_ms', (millis) => millis),
  // Seconds, as OpenTelemetry's metrics of these names.
  serverDuration: duration('http.server.request.duration', (seconds) => seconds * 1e3),
  clientDuration: duration('http.client.request.duration', (seconds) => seconds * 1e3),
  url: {
    from: ['url.full', 'http.url'],
    read: (value) => (typeof value === 'string' && value !== '' ? maskUrl(value) : undefined),
  },
  urlScheme: partFrom('url.scheme'),
  urlHost: partFrom('server.address'),
  urlPort: {
    from: ['server.port'],
    read: (value) => (Number.isInteger(value) ? Number(value) : undefined),
    keep: () => true,
  },
  urlPath: partFrom('url.path'),
  urlQuery: {
    from: ['url.query'],
    read: (value) => (typeof value === 'string' ? maskQuery(`?${value}`).slice(1) : undefined),
  },
};

/** The URL from its parts, when scheme and host are known: a path alone says nothing about where. */
export function composedUrl({ urlScheme, urlHost, urlPort, urlPath, urlQuery }: EventFields): string | undefined {
  if (urlScheme === undefined || urlHost === undefined) return undefined;
  const host = urlHost.includes(':') ? `[${urlHost}]` : urlHost;
  const usual = urlPort === undefined || urlPort === (urlScheme === 'https' ? 443 : 80);
  const path = urlPath ?? '';
  const origin = `${urlScheme}://${host}${usual ? '' : `:${urlPort}`}`;
  return `${origin}${path === '' || path.startsWith('/') ? path : `/${path}`}${urlQuery ? `?${urlQuery}` : ''}`;
}

/**
 * Attributes that were picked for a field that another source won, as `,"key":value`: none of them is lost.
 * `eventName` is the name the event has.
 */
export function leftOver(json: JsonWriter, attributes: Attributes, fields: EventFields, eventName?: string): string {
  let text = '';
  if (fields.urlQuery !== undefined && fields.url === undefined && composedUrl(fields) === undefined) {
    text += `,"url.query":${json.string(fields.urlQuery)}`;
  }
  if (fields.eventName !== undefined && fields.eventName !== eventName) {
    text += `,"event.name":${json.string(fields.eventName)}`;
  }
  const [, ...others] = DURATIONS.filter(([name]) => fields[name] !== undefined);
  for (const [name, key] of others) {
    const kept = EVENT_FIELDS[name].keep?.(attributes[key]) ?? false;
    if (!kept) text += `,"${key}":${json.value(attributes[key])}`;
  }
  return text;
}
