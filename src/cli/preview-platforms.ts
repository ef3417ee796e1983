import type { Additions } from '../additions.ts';
import { systemClock } from '../clock.ts';
import { withEncoding } from '../encoding.ts';
import { readEnvironment } from '../env/environment.ts';
import type { EnvironmentContext } from '../env/reader.ts';
import { deliverySettings } from '../options.ts';
import type { Channel, Platform } from '../platforms/platform.ts';
import { PLATFORMS, type PlatformName } from '../platforms/registry.ts';
import { atPlainAddress, configWithoutSecrets, withPlaceholders } from './preview-placeholders.ts';

/** The platform with channels that add to every record what the environment asks for. */
function withAdditions(platform: Platform, additions: Additions | undefined): Platform {
  if (additions === undefined) return platform;
  const made = new Map<Channel, Channel>();
  const channelOf = (channel: Channel): Channel => {
    const { codec } = channel;
    const own = made.get(channel) ?? {
      ...channel,
      codec: { ...codec, encode: (record) => codec.encode(additions.to(record)) },
    };
    made.set(channel, own);
    return own;
  };
  const { name, logs, events, channelFor } = platform;
  const own: Platform = { name, logs: channelOf(logs), events: channelOf(events) };
  if (channelFor === undefined) return own;
  return { ...own, channelFor: (record) => (platform.channelFor?.(record) ?? [logs]).map(channelOf) };
}

/** A platform as it writes, and as it would write if nothing were taken out of records. */
export interface PreviewPlatform {
  readonly name: PlatformName;
  readonly platform: Platform;
  readonly unredacted: Platform;
}

function found(context: EnvironmentContext, env: EnvironmentContext['env']): readonly PreviewPlatform[] {
  const { destinations, additions } = readEnvironment({ ...context, env, loadConfig: configWithoutSecrets });
  const bare = deliverySettings({ redact: false });
  return destinations.map(({ destination, platform }) => {
    void destination.shutdown(0);
    return {
      name: destination.name as PlatformName,
      platform: withAdditions(platform, additions),
      unredacted: withAdditions(withEncoding(platform, bare, systemClock), additions),
    };
  });
}

/** Every platform as the environment sets it up, with a placeholder for all credentials, whether they are set or not. */
export function previewPlatforms(context: EnvironmentContext): readonly PreviewPlatform[] {
  const env = withPlaceholders(context);
  const good = found(context, env);
  const missing = PLATFORMS.map(({ name }) => name).filter((name) => !good.some((one) => one.name === name));
  if (missing.length === 0) return good;
  const all = found(context, atPlainAddress(env, missing));
  return PLATFORMS.flatMap(({ name }) => [...good, ...all].find((one) => one.name === name) ?? []);
}
