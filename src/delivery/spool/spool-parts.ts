import type { Clock } from '../../clock.ts';
import type { Diagnostics } from '../diagnostics.ts';
import type { DropReason } from '../ledger.ts';
import type { SpoolFiles } from './files.ts';
import type { SpoolSettings } from './spool-settings.ts';

/** One stream of a destination, as the spool sees it. */
interface SpoolLane {
  readonly name: string;
  /** Records that could not be taken because their bytes were not at hand can be now. */
  readonly onReadable: () => void;
}

/** What a spool is made of, and whom it tells what. */
export interface SpoolOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly settings: SpoolSettings;
  readonly platform: string;
  readonly lanes: readonly SpoolLane[];
  readonly diagnostics: Diagnostics;
  readonly maxAgeMillis: number;
  readonly onDrop: (count: number, reason: DropReason) => void;
  /** Records of dead processes were taken over; `damaged` of them are none any more. */
  readonly onRecovered: (count: number, damaged: number) => void;
  /** Every second. */
  readonly onTick: () => void;
  /** Whether delivery is interrupted, so that what waits may have to wait for long. */
  readonly isImpaired: () => boolean;
}
