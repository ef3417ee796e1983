import { loggier } from './loggier.ts';
import { logtide } from './logtide.ts';
import { odysseus } from './odysseus.ts';
import type { Platform } from './platform.ts';
import { redarch } from './redarch.ts';
import { trakerr } from './trakerr.ts';

export type PlatformName = 'odysseus' | 'logtide' | 'redarch' | 'loggier' | 'trakerr';

export interface PlatformEntry {
  readonly name: PlatformName;
  /** Sets of options, any one of which is enough to reach the platform. */
  readonly required: readonly (readonly string[])[];
  /** Makes the platform; throws a `TypeError` that names the bad option. */
  create(options: Readonly<Record<string, unknown>>): Platform;
}

/** A factory as the registry calls it; the factory checks what it is given. */
function entry<T>(
  name: PlatformName,
  required: readonly (readonly string[])[],
  factory: (options: T) => Platform,
): PlatformEntry {
  return { name, required, create: (options) => factory(options as T) };
}

/** Every platform that logferry delivers to. */
export const PLATFORMS: readonly PlatformEntry[] = [
  entry('odysseus', [['appId', 'appKey']], odysseus),
  entry('logtide', [['dsn'], ['url', 'apiKey']], logtide),
  entry('redarch', [['apiKey']], redarch),
  entry('loggier', [['apiKey']], loggier),
  entry('trakerr', [['apiKey']], trakerr),
];
