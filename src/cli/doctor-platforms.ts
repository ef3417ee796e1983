import type { ConfiguredDestination } from '../env/destinations.ts';
import type { Platform } from '../platforms/platform.ts';

/** A destination of the environment with the platform that it sends to. */
export interface EnvironmentPlatform {
  readonly name: string;
  readonly origin: string;
  readonly platform: Platform;
}

/** The platforms of destinations that the environment gave, as records go to them. */
export function environmentPlatforms(destinations: readonly ConfiguredDestination[]): readonly EnvironmentPlatform[] {
  return destinations.map(({ destination, origin, platform }) => ({ name: destination.name, origin, platform }));
}
