import type { Clock } from './clock.ts';
import { Alarm } from './delivery/alarm.ts';
import type { EmittedRecord } from './record/record.ts';

/** Longer than a batch processor's usual second, so that a log record of the same exception is seen in time. */
const HOLD_MILLIS = 2_000;
const REMEMBER_MILLIS = 60_000;
const MAX_REMEMBERED = 1_024;
/** One exception logged again and again in one long trace must not add up. */
const MAX_TIMES = 128;
const FIRST_FRAME = /\n\s+at ([^\n]*)/;

interface Held {
  readonly key: string;
  readonly record: EmittedRecord;
  readonly until: number;
}

/**
 * What the two reports of one exception have in common: the trace and the line that threw, or the message where there
 * is no stack. Not the type (the SDK writes a system error's code where loggers write its class), not the message
 * (pino joins those of the causes), not the span (the error is often logged further out).
 */
function keyOf({ spanContext, attributes }: EmittedRecord): string | undefined {
  try {
    const message = attributes['exception.message'];
    const stack = attributes['exception.stacktrace'];
    if (spanContext === undefined || (message === undefined && stack === undefined)) return undefined;
    const frame = typeof stack === 'string' ? FIRST_FRAME.exec(stack)?.[1] : undefined;
    return `${spanContext.traceId}\n${frame ?? String(message ?? '')}`;
  } catch {
    // Attributes may be anything, such as objects that cannot become text; such a record has no twin.
    return undefined;
  }
}

/**
 * Sees to it that an exception that is both recorded on a span and logged arrives once, as the log record, which
 * knows more. Exception events wait two seconds for their twin; each log record takes the place of one event, so
 * three recorded failures and one log line still make three.
 */
export class ExceptionTwins {
  readonly #clock: Clock;
  readonly #deliver: (record: EmittedRecord) => void;
  readonly #alarm: Alarm;
  /** Events that wait, oldest first. */
  #held: Held[] = [];
  /** Logged exceptions whose event has not been seen: when, oldest first. */
  readonly #logged = new Map<string, number[]>();
  readonly #waiters = new Set<AbortController>();

  constructor(clock: Clock, deliver: (record: EmittedRecord) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
    this.#alarm = new Alarm(clock, () => this.#release(this.#clock.now()));
  }

  /** A log record is delivered; if it tells of an exception, its event is not needed. */
  logged(record: EmittedRecord): void {
    const key = keyOf(record);
    if (key === undefined) return;
    const index = this.#held.findIndex((held) => held.key === key);
    if (index !== -1) {
      this.#held.splice(index, 1);
      this.#notify();
      return;
    }
    const times = this.#logged.get(key) ?? [];
    if (times.push(this.#clock.now()) > MAX_TIMES) times.shift();
    this.#logged.set(key, times);
    this.#forget();
  }

  /** An exception event of a span: delivered in two seconds unless it was or gets logged. */
  recorded(record: EmittedRecord): void {
    const key = keyOf(record);
    const now = this.#clock.now();
    if (key === undefined) {
      this.#deliver(record);
      return;
    }
    const times = this.#logged.get(key);
    const last = times?.pop();
    if (times?.length === 0) this.#logged.delete(key);
    if (last !== undefined && now - last < REMEMBER_MILLIS) return;
    this.#held.push({ key, record, until: now + HOLD_MILLIS });
    if (this.#held.length > MAX_REMEMBERED) this.#deliver((this.#held.shift() as Held).record);
    this.#alarm.set(now + HOLD_MILLIS);
  }

  /** Delivers what waits at once. */
  flush(): void {
    this.#release(Number.POSITIVE_INFINITY);
  }

  /** Waits until no event waits any more, two seconds at the longest, `timeoutMillis` at most. */
  async settled(timeoutMillis: number): Promise<void> {
    if (this.#held.length === 0) return;
    const waiter = new AbortController();
    this.#waiters.add(waiter);
    await this.#clock.sleep(timeoutMillis, waiter.signal, true);
    this.#waiters.delete(waiter);
  }

  #release(now: number): void {
    const due = this.#held.filter(({ until }) => until <= now);
    this.#held = this.#held.filter(({ until }) => until > now);
    for (const { record } of due) this.#deliver(record);
    const next = this.#held[0];
    if (next !== undefined) this.#alarm.set(next.until);
    this.#notify();
  }

  #notify(): void {
    if (this.#held.length > 0) return;
    for (const waiter of this.#waiters) waiter.abort();
  }

  #forget(): void {
    const expired = this.#clock.now() - REMEMBER_MILLIS;
    for (const [key, times] of this.#logged) {
      if (this.#logged.size <= MAX_REMEMBERED && (times.at(-1) ?? 0) > expired) return;
      this.#logged.delete(key);
    }
  }
}
