import type { Clock } from '../clock.ts';
import type { EmittedRecord } from '../record/record.ts';

/** When equal records are told once, with their number. */
export interface RepeatOptions {
  /** How long after the first one equal records are counted instead of sent, in milliseconds. Default 10,000. */
  readonly windowMillis?: number;
}

/** Kinds of records in view at once; beyond it the oldest is closed early. */
const MAX_KINDS = 1_000;
const MAX_KEY_LENGTH = 2_048;

interface Kind {
  count: number;
  last: EmittedRecord | undefined;
  readonly cancel: () => void;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What makes records equal: scope, severity, event name, message and exception. Undefined for those without a text. */
function kindOf({ instrumentationScope, severityNumber, eventName, body, attributes }: EmittedRecord) {
  const type = textOf(attributes['exception.type']);
  const message = textOf(attributes['exception.message']);
  // A structured body says too much to be compared at every record.
  if (typeof body !== 'string' && (type === '' || body !== undefined)) return undefined;
  const parts = [instrumentationScope.name, severityNumber ?? '', eventName ?? '', textOf(body), type, message];
  const key = parts.join('\u0000');
  return key.length > MAX_KEY_LENGTH ? undefined : key;
}

/**
 * Lets the first of equal records pass at once and counts the others; when its window is over, the last of them
 * follows with their number. One that stayed alone is not followed by anything.
 */
export class RepeatCounter {
  readonly #clock: Clock;
  readonly #millis: number;
  readonly #tell: (last: EmittedRecord, count: number) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(options: RepeatOptions, clock: Clock, tell: (last: EmittedRecord, count: number) => void) {
    this.#clock = clock;
    this.#millis = options.windowMillis ?? 10_000;
    this.#tell = tell;
  }

  /** Whether a record is the first of its kind. */
  passes(record: EmittedRecord): boolean {
    const key = kindOf(record);
    if (key === undefined) return true;
    const kind = this.#kinds.get(key);
    if (kind !== undefined) {
      kind.count += 1;
      kind.last = record;
      return false;
    }
    this.#begin(key);
    return true;
  }

  /** Closes all windows: at the end of the process. */
  flush(): void {
    for (const key of [...this.#kinds.keys()]) this.#close(key);
  }

  #begin(key: string): void {
    if (this.#kinds.size >= MAX_KINDS) {
      const [oldest] = this.#kinds.keys();
      if (oldest !== undefined) this.#close(oldest);
    }
    const cancel = this.#clock.after(this.#millis, () => this.#close(key));
    this.#kinds.set(key, { count: 0, last: undefined, cancel });
  }

  #close(key: string): void {
    const kind = this.#kinds.get(key);
    if (kind === undefined) return;
    this.#kinds.delete(key);
    kind.cancel();
    if (kind.last !== undefined) this.#tell(kind.last, kind.count);
  }
}
