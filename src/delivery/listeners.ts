import type { Clock } from '../clock.ts';
import type { DeadLetterHandler } from './dead-letter.ts';
import type { DropReason } from './ledger.ts';

/** Records that ended without being delivered, since the last time it was told. */
export interface Drop {
  /** Name of the platform, e.g. `logtide`. */
  readonly platform: string;
  readonly reason: DropReason;
  readonly count: number;
}

/** Hears of records that were dropped; what it throws is ignored. */
export type DropHandler = (drop: Drop) => void;

/** An overflow drops thousands a second, one by one; the application hears of them together. */
const TOGETHER_MILLIS = 250;

export interface ListenersOptions {
  readonly platform: string;
  readonly clock: Clock;
  readonly onDeadLetter: DeadLetterHandler | undefined;
  readonly onDrop: DropHandler | undefined;
}

/** The application's own code must not stop delivery, whether it throws or rejects. */
function isolated(call: () => unknown): void {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(() => {});
  } catch {
    // Its errors are its own business.
  }
}

/** Tells the application what has become of its records. Never throws. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #dropped = new Map<DropReason, number>();
  #cancel: (() => void) | undefined;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** A record, as JSON text, that the platform refused for good. */
  deadLetter(text: string, reason: string): void {
    const { onDeadLetter, platform, clock } = this.#options;
    if (onDeadLetter === undefined) return;
    isolated(() => {
      const record = JSON.parse(text) as Record<string, unknown>;
      return onDeadLetter({ platform, record, reason, atMillis: clock.wallNow() });
    });
  }

  /** Tells of drops a moment later, by reason. */
  drop(count: number, reason: DropReason): void {
    if (this.#options.onDrop === undefined || count === 0) return;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
    this.#cancel ??= this.#options.clock.after(TOGETHER_MILLIS, () => this.flush());
  }

  /** Tells what has not been told yet. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const { onDrop, platform } = this.#options;
    const dropped = [...this.#dropped];
    this.#dropped.clear();
    for (const [reason, count] of dropped) isolated(() => onDrop?.({ platform, reason, count }));
  }
}
