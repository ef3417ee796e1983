import { diag } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';

const QUIET_MILLIS = 300_000;

/**
 * What a destination tells its operators, through OpenTelemetry's `diag` only (never `console`, which may be captured
 * and sent back to us): each kind of message at most once in five minutes.
 */
export class Diagnostics {
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(name: string, clock: Clock) {
    this.#prefix = `logferry ${name}: `;
    this.#clock = clock;
  }

  /** `kind` groups messages; `text` must not contain credentials or record content. */
  warn(kind: string, text: string): void {
    const now = this.#clock.now();
    const last = this.#last.get(kind);
    if (last !== undefined && now - last < QUIET_MILLIS) return;
    this.#last.set(kind, now);
    diag.warn(this.#prefix + text);
  }

  /** The condition has passed; its next occurrence is told at once. */
  cleared(kind: string, text: string): void {
    if (this.#last.delete(kind)) diag.info(this.#prefix + text);
  }
}
