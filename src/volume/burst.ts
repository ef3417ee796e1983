import type { Clock } from '../clock.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { SeverityBand } from '../record/severity.ts';
import { ERROR, INFO, severityBand, WARN } from '../record/severity.ts';

/** How many records may pass before the less important ones are held back. */
export interface BurstOptions {
  /** Records of all severities in `perMillis`; errors always pass, and count. */
  readonly maxRecords: number;
  /** Length of a window in milliseconds. Default 1,000. */
  readonly perMillis?: number;
}

/** What a window held back, told once when it is over. */
export interface Held {
  /** All of them. */
  readonly total: number;
  /** By severity: `trace`, `debug`, `info`, `warn`. */
  readonly bySeverity: Readonly<Record<string, number>>;
  /** By scope name, the most frequent first; at most ten. */
  readonly byScope: Readonly<Record<string, number>>;
  /** How long the window lasted, in milliseconds. */
  readonly millis: number;
  /** The last record that was held back: its resource stands for the summary's. */
  readonly last: EmittedRecord;
}

const NAMES = ['trace', 'debug', 'info', 'warn'] as const;
const MAX_SCOPES = 1_000;
const TOLD_SCOPES = 10;

/** The share of a window that is open to a severity: what matters least ends first, so that the rest has room. */
function shareOf(band: SeverityBand): number {
  if (band >= ERROR) return Number.POSITIVE_INFINITY;
  if (band === WARN) return 1;
  return band === INFO ? 0.9 : 0.5;
}

/**
 * Bounds the number of records per window: trace and debug may use half of it, info nine tenths, warnings all, and
 * errors always pass. What is held back is counted and told when its window is over.
 */
export class BurstGuard {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #millis: number;
  readonly #tell: (held: Held) => void;
  #begun: number;
  #passed = 0;
  #held: [trace: number, debug: number, info: number, warn: number] = [0, 0, 0, 0];
  #scopes = new Map<string, number>();
  #last: EmittedRecord | undefined;
  #cancel: (() => void) | undefined;

  constructor({ maxRecords, perMillis = 1_000 }: BurstOptions, clock: Clock, tell: (held: Held) => void) {
    this.#clock = clock;
    this.#max = maxRecords;
    this.#millis = perMillis;
    this.#tell = tell;
    this.#begun = clock.now();
  }

  /** Whether a record may pass. */
  passes(record: EmittedRecord): boolean {
    const now = this.#clock.now();
    if (now - this.#begun >= this.#millis) this.#next(now);
    const band = severityBand(record.severityNumber, record.severityText);
    if (this.#passed < this.#max * shareOf(band)) {
      this.#passed += 1;
      return true;
    }
    this.#hold(record, band as 0 | 1 | 2 | 3);
    return false;
  }

  /** Tells what was held back so far, at the end of a window or of the process. */
  flush(): void {
    this.#next(this.#clock.now());
  }

  #hold(record: EmittedRecord, band: 0 | 1 | 2 | 3): void {
    this.#held[band] += 1;
    const { name } = record.instrumentationScope;
    if (this.#scopes.has(name) || this.#scopes.size < MAX_SCOPES) {
      this.#scopes.set(name, (this.#scopes.get(name) ?? 0) + 1);
    }
    this.#last = record;
    // Nothing may come after the burst that would end its window.
    this.#cancel ??= this.#clock.after(this.#millis, () => this.flush());
  }

  #next(now: number): void {
    const [held, scopes, last, millis] = [this.#held, this.#scopes, this.#last, now - this.#begun];
    this.#cancel?.();
    this.#cancel = undefined;
    this.#begun = now;
    this.#passed = 0;
    if (last === undefined) return;
    this.#held = [0, 0, 0, 0];
    this.#scopes = new Map();
    this.#last = undefined;
    const bySeverity = Object.fromEntries(NAMES.flatMap((name, band) => (held[band] ? [[name, held[band]]] : [])));
    const most = [...scopes].sort(([, a], [, b]) => b - a).slice(0, TOLD_SCOPES);
    const total = held.reduce((sum, count) => sum + count, 0);
    this.#tell({ total, bySeverity, byScope: Object.fromEntries(most), millis, last });
  }
}
