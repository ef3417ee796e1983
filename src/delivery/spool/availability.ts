import type { Clock } from '../../clock.ts';
import type { Diagnostics } from '../diagnostics.ts';

/** Between attempts to use a disk that could not be used. */
const RETRY_MILLIS = 30_000;

/** Whether the disk can be used, when to try again if not, and the one message about it. */
export class Availability {
  readonly #clock: Clock;
  readonly #diagnostics: Diagnostics;
  #retryAt: number | undefined;
  /** It is tried again, and nothing has been written yet. */
  #unproven = false;
  /** What is wrong, while the disk cannot be used. */
  problem: string | undefined;

  constructor(clock: Clock, diagnostics: Diagnostics) {
    this.#clock = clock;
    this.#diagnostics = diagnostics;
  }

  get isUsable(): boolean {
    return this.#retryAt === undefined;
  }

  /** Whether half a minute has passed since the disk could not be used. */
  get isRetryDue(): boolean {
    return this.#retryAt !== undefined && this.#clock.now() >= this.#retryAt;
  }

  /** `reason` says what is wrong, where, and how to put it right. */
  failed(reason: string): void {
    if (this.#retryAt === Number.POSITIVE_INFINITY) return;
    this.#retryAt = this.#clock.now() + RETRY_MILLIS;
    this.#unproven = false;
    this.problem = reason;
    this.#diagnostics.warn('spool', `${reason}; records wait in memory until it can be used`);
  }

  /** Tries again; operators hear of it only when it works. */
  retry(): void {
    this.#retryAt = undefined;
    this.problem = undefined;
    this.#unproven = true;
  }

  /** Something was written. */
  proven(): void {
    if (!this.#unproven) return;
    this.#unproven = false;
    this.#diagnostics.cleared('spool', 'the spool can be used again');
  }

  /** For good; it is no problem. */
  ended(): void {
    this.#retryAt = Number.POSITIVE_INFINITY;
  }
}
