import type { Clock } from './clock.ts';
import { Diagnostics } from './delivery/diagnostics.ts';
import { copyOf } from './record/copy.ts';
import type { EmittedRecord } from './record/record.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A record as `beforeSend` may change it: a copy for one destination, though values inside attributes are shared. */
export interface SendableRecord extends Mutable<Omit<EmittedRecord, 'attributes'>> {
  attributes: Record<string, unknown>;
}

/**
 * Changes a record before it is encoded for one destination, or drops it: returns the record (the same or another), or
 * `null` to drop it. Synchronous. When it throws, or returns anything else, the record is sent as it was.
 */
export type BeforeSend = (record: SendableRecord, destination: string) => SendableRecord | null;

function isRecord(value: unknown): value is EmittedRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { hrTime, attributes, resource, instrumentationScope } = value as Partial<EmittedRecord>;
  const parts: readonly unknown[] = [hrTime, attributes, resource, instrumentationScope];
  return parts.every((part) => typeof part === 'object' && part !== null);
}

/** Runs the application's `beforeSend`, which can fail without harm. */
export class SendHook {
  readonly #hook: BeforeSend;
  readonly #destination: string;
  readonly #diagnostics: Diagnostics;
  /** Inside the hook: what it logs itself is not given to it again. */
  #running = false;
  /** Records that it dropped. */
  dropped = 0;

  constructor(hook: BeforeSend, destination: string, clock: Clock) {
    this.#hook = hook;
    this.#destination = destination;
    this.#diagnostics = new Diagnostics(destination, clock);
  }

  /** The record to send, or undefined when it is dropped. */
  apply(record: EmittedRecord): EmittedRecord | undefined {
    if (this.#running) return record;
    this.#running = true;
    try {
      const result: unknown = this.#hook(
        { ...copyOf(record), attributes: { ...record.attributes } },
        this.#destination,
      );
      if (result === null) {
        this.dropped += 1;
        return undefined;
      }
      if (isRecord(result)) return result;
      if (result instanceof Promise) result.catch(() => {});
      this.#complain(`returned ${result instanceof Promise ? 'a promise' : typeof result}, not a record or null`);
    } catch {
      this.#complain('throws');
    } finally {
      this.#running = false;
    }
    return record;
  }

  #complain(what: string): void {
    this.#diagnostics.warn('beforeSend', `beforeSend ${what}; records are sent as they were`);
  }
}
