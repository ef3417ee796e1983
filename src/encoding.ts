import type { Clock } from './clock.ts';
import type { Encode, Encoding } from './codec/codec.ts';
import { Diagnostics } from './delivery/diagnostics.ts';
import type { LimitSettings } from './limit-options.ts';
import type { Channel, Platform } from './platforms/platform.ts';
import type { RedactionSettings } from './record/redact/redactor.ts';
import { Redactor } from './record/redact/redactor.ts';

/** What delivery options say of the texts; checked already. */
interface EncodingSettings {
  /** Undefined for records as the application gives them. */
  readonly redact: RedactionSettings | undefined;
  readonly limits: LimitSettings;
}

function encodingOf(name: string, { redact, limits }: EncodingSettings, clock: Clock): Encoding {
  if (redact === undefined) return { ...limits, redactor: undefined };
  const diagnostics = new Diagnostics(name, clock);
  const onSlowPattern = (pattern: string, millis: number): void => {
    const text = `the redaction pattern "${pattern}" took ${Math.round(millis)} ms for a text and is not used any more`;
    diagnostics.warn(`slow-pattern ${pattern}`, text);
  };
  return { ...limits, redactor: new Redactor({ ...redact, onSlowPattern, now: () => clock.now() }) };
}

/** The platform with channels that write as the options of one destination say. */
export function withEncoding(platform: Platform, settings: EncodingSettings, clock: Clock): Platform {
  const encoding = encodingOf(platform.name, settings, clock);
  const made = new Map<Channel, Channel>();
  const channelOf = (channel: Channel): Channel => {
    const known = made.get(channel);
    if (known !== undefined) return known;
    const { codec } = channel;
    const encode: Encode = codec.encoder?.(encoding) ?? ((record) => codec.encode(record));
    const { maxRecords, maxBytes } = codec;
    const own = {
      ...channel,
      codec: { maxRecords, maxBytes, encode, framing: (count: number) => codec.framing(count) },
    };
    made.set(channel, own);
    return own;
  };
  const routes = new WeakMap<readonly Channel[], readonly Channel[]>();
  const routeOf = (route: readonly Channel[]): readonly Channel[] => {
    const known = routes.get(route);
    if (known !== undefined) return known;
    const own = route.map(channelOf);
    routes.set(route, own);
    return own;
  };
  const { name, logs, events } = platform;
  const own: Platform = { name, logs: channelOf(logs), events: channelOf(events) };
  if (platform.channelFor === undefined) return own;
  return { ...own, channelFor: (record) => routeOf(platform.channelFor?.(record) ?? [logs]) };
}
