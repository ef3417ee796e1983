import type { HrTime } from '@opentelemetry/api';
import type { EmittedRecord } from '../record/record.ts';
import { severityBand } from '../record/severity.ts';

/** What an error carries of the records that came before it in its trace. */
export interface BreadcrumbOptions {
  /** Records kept for each trace, the latest. Default 20. */
  readonly maxRecords?: number;
  /** Traces in view, the latest. Default 500. */
  readonly maxTraces?: number;
}

const BANDS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const MAX_MESSAGE = 500;
const NO_TRACE = '00000000000000000000000000000000';

/** One earlier record, as it is attached. */
interface Crumb {
  readonly time: HrTime;
  readonly level: (typeof BANDS)[number];
  readonly scope: string;
  readonly message: string;
}

/** A crumb as it is shown: `time` in ISO 8601. */
export interface Breadcrumb {
  readonly time: string;
  readonly level: string;
  readonly scope: string;
  readonly message: string;
}

function shown({ time: [seconds, nanos], ...rest }: Crumb): Breadcrumb {
  return { time: new Date(seconds * 1_000 + nanos / 1e6).toISOString(), ...rest };
}

/** The latest of each trace's records, for the error that may follow. */
export class Breadcrumbs {
  readonly #maxRecords: number;
  readonly #maxTraces: number;
  readonly #traces = new Map<string, Crumb[]>();

  constructor({ maxRecords = 20, maxTraces = 500 }: BreadcrumbOptions = {}) {
    this.#maxRecords = maxRecords;
    this.#maxTraces = maxTraces;
  }

  /** Remembers a record of a trace, whether it is sent or not; others are forgotten at once. */
  note(record: EmittedRecord): void {
    const trace = record.spanContext?.traceId;
    if (trace === undefined || trace === NO_TRACE || typeof record.body !== 'string') return;
    const crumbs = this.#traces.get(trace) ?? [];
    // The traces in use stay: what was just used is the youngest entry of the map.
    this.#traces.delete(trace);
    this.#traces.set(trace, crumbs);
    if (crumbs.length >= this.#maxRecords) crumbs.shift();
    crumbs.push({
      time: record.hrTime,
      level: BANDS[severityBand(record.severityNumber, record.severityText)],
      scope: record.instrumentationScope.name,
      message: record.body.slice(0, MAX_MESSAGE),
    });
    if (this.#traces.size > this.#maxTraces) this.#forgetOldest();
  }

  /** Gives what led to an error of this trace, oldest first, and forgets it; undefined when there is nothing. */
  take(record: EmittedRecord): readonly Breadcrumb[] | undefined {
    const trace = record.spanContext?.traceId;
    const crumbs = trace === undefined ? undefined : this.#traces.get(trace);
    if (trace === undefined || crumbs === undefined || crumbs.length === 0) return undefined;
    this.#traces.delete(trace);
    return crumbs.map(shown);
  }

  #forgetOldest(): void {
    const [oldest] = this.#traces.keys();
    if (oldest !== undefined) this.#traces.delete(oldest);
  }
}
