import type { Codec, RecordMapper } from '../codec/codec.ts';
import { ARRAY } from '../codec/framing.ts';
import { jsonCodec } from '../codec/json-codec.ts';
import type { Endpoint } from '../delivery/endpoint.ts';
import { judgeStatus } from '../delivery/verdict.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { EmittedRecord } from '../record/record.ts';
import { eventNameOf } from '../record/record.ts';
import { odysseusEventMapper } from './odysseus-event.ts';
import { odysseusLogMapper } from './odysseus-log.ts';
import { secretSegment } from './odysseus-path.ts';
import type { OdysseusEntryOptions } from './odysseus-settings.ts';
import { entrySettings } from './odysseus-settings.ts';
import { StreamPositions } from './odysseus-stream.ts';
import type { Channel, Platform } from './platform.ts';
import type { BaseUrl, Secret } from './settings.ts';
import { optionalWord, parseBaseUrl } from './settings.ts';

/** Options of `odysseus()`. */
export interface OdysseusOptions extends OdysseusEntryOptions {
  /** The application's id, e.g. `app_` and 32 hexadecimal digits, or a function returning it. */
  readonly appId: Secret;
  /** The application's key, or a function returning it; a segment of the request path, so it never rests anywhere. */
  readonly appKey: Secret;
  /** Base address of the server; a base path is kept. Default `https://odysseus.codetitans.dev`. */
  readonly url?: string;
  /**
   * Where records with an event name and span events go. As events they carry no severity of their own (it is in
   * `meta`). Default `event`.
   */
  readonly route?: 'event' | 'log' | 'both';
  /** Span events named `exception`: a log entry of severity ERROR (default), or what `route` says. */
  readonly exceptionEvents?: 'log' | 'route';
}

const DEFAULT_URL = 'https://odysseus.codetitans.dev';
/** No limit is published; the official clients send up to 200 (Android) and 2,000 (C#) entries at once. */
const MAX_RECORDS = 500;
const MAX_BYTES = 1_048_576;

function codec(mapper: (json: JsonWriter) => RecordMapper): Codec {
  return jsonCodec({ maxRecords: MAX_RECORDS, maxBytes: MAX_BYTES, mapper, framing: () => ARRAY });
}

/** The path is the only credential; the answer's body is never read (Odysseus's wire contract §1). */
function endpoint(base: BaseUrl, path: string, appId: () => string, appKey: () => string): Endpoint {
  return {
    origin: base.origin,
    request: (body) => ({
      path: `${base.path}${path}/${appId()}/${appKey()}`,
      headers: { 'content-type': 'application/json' },
      body,
    }),
    judge: judgeStatus,
  };
}

function router(
  logs: Channel,
  events: Channel,
  { route = 'event', exceptionEvents = 'log' }: OdysseusOptions,
): (record: EmittedRecord) => readonly Channel[] {
  const log: readonly Channel[] = [logs];
  const named = { log, event: [events], both: [logs, events] }[route];
  return (record) => {
    try {
      const name = eventNameOf(record);
      if (record.span === undefined) return name === undefined ? log : named;
      return name === 'exception' && exceptionEvents === 'log' ? log : named;
    } catch {
      return log;
    }
  };
}

/**
 * Odysseus, by `POST /api/logs/{id}/{key}` and `POST /api/events/{id}/{key}`: bare JSON arrays of at most 500 entries
 * and 1 MiB, never compressed. Throws a `TypeError` or `RangeError` that names the option for missing or malformed
 * ones. Source: the official Python, Android and C# clients.
 */
export function odysseus(options: OdysseusOptions): Platform {
  optionalWord('odysseus: route', options.route, ['event', 'log', 'both']);
  optionalWord('odysseus: exceptionEvents', options.exceptionEvents, ['log', 'route']);
  const appId = secretSegment('odysseus: appId', options.appId);
  const appKey = secretSegment('odysseus: appKey', options.appKey);
  const base = parseBaseUrl('odysseus: url', options.url ?? DEFAULT_URL);
  const settings = entrySettings(options);
  const streams = new StreamPositions(options.stream);
  const logs: Channel = {
    codec: codec(odysseusLogMapper(settings)),
    endpoint: endpoint(base, '/api/logs', appId, appKey),
  };
  const events: Channel = {
    codec: codec(odysseusEventMapper(settings, streams)),
    endpoint: endpoint(base, '/api/events', appId, appKey),
  };
  return { name: 'odysseus', logs, events, channelFor: router(logs, events, options) };
}
