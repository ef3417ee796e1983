import { isMainThread } from 'node:worker_threads';
import type { DestinationStats } from './delivery/stats.ts';
import type { FlushOptions } from './flush.ts';
import { writeLine } from './stderr-diag.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
type Signal = (typeof SIGNALS)[number];

/** Where the `signal-exit` package, versions 4 and 3, says how many listeners it has on every signal. */
function signalExitListeners(): number {
  const counts = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ].map((emitter) => (emitter as { count?: unknown } | undefined)?.count);
  return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

/** What has records that wait. */
export interface Flushable {
  flush(options: FlushOptions): Promise<unknown>;
  stats(): readonly DestinationStats[];
}

/** The end of a process, with the records that still wait. */
class ProcessEnd {
  readonly #processor: Flushable;
  readonly #flushMillis: number;
  readonly #listeners = new Map<Signal, () => void>();
  /** Records taken when the last flush at the natural end began. */
  #covered = -1;
  /** Records taken when no further flush was to be made, by destination. */
  #closing: readonly number[] | undefined;
  #raising = false;

  constructor(processor: Flushable, flushMillis: number) {
    this.#processor = processor;
    this.#flushMillis = flushMillis;
  }

  listen(): void {
    process.prependListener('beforeExit', () => this.#onBeforeExit());
    process.on('exit', () => this.#report());
    if (!isMainThread) return; // Signals reach the main thread only.
    for (const signal of SIGNALS) {
      const listener = (): void => this.#onSignal(signal);
      this.#listeners.set(signal, listener);
      // In front, so that a `once` listener of the application still counts when it is our turn.
      process.prependListener(signal, listener);
    }
  }

  /**
   * The event loop is empty. Flushing fills it, so this comes again, and the application's own listeners with it: a
   * round that brought nothing new but what they logged ends it, or neither an outage nor such a listener would let go.
   */
  #onBeforeExit(): void {
    const accepted = this.#accepted();
    if (sum(accepted) === this.#covered) {
      this.#closing = accepted;
      return;
    }
    this.#closing = undefined;
    // After the other listeners of this round: their last words count.
    process.nextTick(() => {
      void this.#processor.flush({ timeoutMillis: this.#flushMillis });
      this.#covered = sum(this.#accepted());
    });
  }

  /**
   * A signal that only we listen to is raised again after the flush, so that it ends the process as it would have; a
   * second one does not wait. Where the application listens too, it decides. `signal-exit` does as we do: it ends the
   * process only when nobody else listens, so it gets its turn when our listener has gone.
   */
  #onSignal(signal: Signal): void {
    if (this.#raising) {
      this.#raise(signal);
      return;
    }
    const others = process.listenerCount(signal) - 1 - signalExitListeners();
    const flushed = this.#processor.flush({ timeoutMillis: this.#flushMillis });
    if (others > 0) return;
    this.#raising = true;
    void flushed.then(() => this.#raise(signal));
  }

  #raise(signal: Signal): void {
    if (this.#listeners.size === 0) return;
    for (const [name, listener] of this.#listeners) process.removeListener(name, listener);
    this.#listeners.clear();
    this.#report();
    process.kill(process.pid, signal);
  }

  /** Says what is left behind, if anything is. What was logged while a repeated `beforeExit` ran was there before. */
  #report(): void {
    const left = this.#processor.stats().flatMap(({ platform, accepted, pending, circuit, spool }, index) => {
      const count = pending - (accepted - (this.#closing?.[index] ?? accepted));
      const text = `${platform} ${count} (${circuit.reason ?? 'not sent yet'})`;
      return count > 0 ? [{ text, kept: spool !== undefined && spool.state !== 'memory' }] : [];
    });
    const lost = left.filter(({ kept }) => !kept).map(({ text }) => text);
    const kept = left.filter((one) => one.kept).map(({ text }) => text);
    if (lost.length > 0) writeLine(`logferry LF011 records not delivered when the process ended: ${lost.join(', ')}`);
    if (kept.length > 0) writeLine(`logferry LF013 records left in the spool for the next start: ${kept.join(', ')}`);
  }

  #accepted(): readonly number[] {
    return this.#processor.stats().map(({ accepted }) => accepted);
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * Delivers what waits when the process ends: at its natural end (`beforeExit`) and on SIGTERM and SIGINT, for
 * `flushMillis` at most. Exit codes and behaviour stay as they were. `process.exit()` and a crash cannot wait for
 * anything and are left alone; one line says how many records were left behind.
 */
export function flushAtEnd(processor: Flushable, flushMillis: number): void {
  new ProcessEnd(processor, flushMillis).listen();
}
