import type { DeliveryOptions } from './options.ts';
import type { Platform } from './platforms/platform.ts';

/** A platform with delivery options of its own, which take the place of the common ones group by group. */
export interface PlatformDelivery extends DeliveryOptions {
  readonly platform: Platform;
}

/** One destination, or several. */
export type Platforms = Platform | PlatformDelivery | readonly (Platform | PlatformDelivery)[];
