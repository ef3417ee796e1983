import type { Channel, Platform } from '../platforms/platform.ts';
import type { EmittedRecord } from '../record/record.ts';
import { eventNameOf } from '../record/record.ts';
import { PLACEHOLDER } from './preview-placeholders.ts';

/** One request as it would be sent, credentials masked. */
export interface PreviewRequest {
  /** Only Odysseus has events of its own. */
  readonly channel: 'logs' | 'events';
  readonly method: 'POST';
  readonly url: string;
  /** Those of the platform; the connection adds `host` and `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytes: number;
}

/** The channels that take a record, as a destination chooses them. */
export function channelsOf(platform: Platform, record: EmittedRecord): readonly Channel[] {
  const { logs, events } = platform;
  if (logs === events) return [logs];
  return platform.channelFor?.(record) ?? [eventNameOf(record) === undefined ? logs : events];
}

/** As a path segment of Odysseus. */
const ENCODED = '%2A'.repeat(PLACEHOLDER.length);

/** A signed token is a credential too, whatever it was signed with. */
function masked(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name === 'authorization' ? `${value.split(' ')[0]} ${PLACEHOLDER}` : value,
    ]),
  );
}

/** The requests that a record alone would be sent with. */
export function requestsFor(platform: Platform, record: EmittedRecord): readonly PreviewRequest[] {
  return channelsOf(platform, record).map((channel): PreviewRequest => {
    const { codec, endpoint } = channel;
    const { open, close } = codec.framing(1);
    const framed = Buffer.from(`${open}${codec.encode(record)}${close}`);
    const { path, headers, body } = endpoint.request(framed, 1);
    return {
      channel: channel === platform.logs ? 'logs' : 'events',
      method: 'POST',
      url: endpoint.origin + path.replaceAll(ENCODED, PLACEHOLDER),
      headers: masked(headers),
      body: Buffer.from(body).toString('utf8'),
      bytes: body.length,
    };
  });
}
