import type { Clock } from '../clock.ts';
import { withAttributes } from '../record/copy.ts';
import type { EmittedRecord } from '../record/record.ts';
import { ERROR, severityBand } from '../record/severity.ts';
import { SDK_NAME, SDK_VERSION } from '../version.ts';
import { Breadcrumbs } from './breadcrumbs.ts';
import { BurstGuard, type Held } from './burst.ts';
import { RepeatCounter } from './repeats.ts';
import { sampled } from './sampling.ts';
import type { VolumeSettings } from './volume-options.ts';

/** Records that were left out on purpose, by reason; they are never part of `accepted`. */
export interface LeftOut {
  /** By a rule of `sample`; the kept ones carry `logferry.sample_ratio`. */
  readonly sampled: number;
  /** Equal to one that was sent; the last of them follows with `logferry.repeats`. */
  readonly repeated: number;
  /** More than `burst` allows; a summary record tells of them. */
  readonly burst: number;
}

const WARN_NUMBER = 13;

function hrTimeOf(millis: number): [number, number] {
  const seconds = Math.floor(millis / 1_000);
  return [seconds, Math.round((millis - seconds * 1_000) * 1e6)];
}

/** What a burst cost, as a record of its own beside the records it is about. */
function summaryOf({ total, bySeverity, byScope, millis, last }: Held, wallMillis: number): EmittedRecord {
  const summary: unknown = {
    hrTime: hrTimeOf(wallMillis),
    hrTimeObserved: hrTimeOf(wallMillis),
    severityNumber: WARN_NUMBER,
    severityText: 'WARN',
    body: `${total} records were held back within ${(millis / 1_000).toFixed(1)} s: more than the burst limit allows`,
    attributes: {
      'logferry.held_back.total': total,
      'logferry.held_back.by_severity': bySeverity,
      'logferry.held_back.by_scope': byScope,
    },
    droppedAttributesCount: 0,
    resource: last.resource,
    instrumentationScope: { name: SDK_NAME, version: SDK_VERSION },
  };
  return summary as EmittedRecord;
}

/**
 * Decides which records go on, before any destination sees them: breadcrumbs, then repeats, sampling and bursts.
 * Errors are never sampled and never held back by a burst. What is left out is counted.
 */
export class Volume {
  readonly #settings: VolumeSettings;
  readonly #clock: Clock;
  readonly #breadcrumbs: Breadcrumbs | undefined;
  readonly #repeats: RepeatCounter | undefined;
  readonly #burst: BurstGuard | undefined;
  readonly #counts = { sampled: 0, repeated: 0, burst: 0 };

  /** `emit` takes the records that Volume makes itself: last repeats and summaries. */
  constructor(settings: VolumeSettings, clock: Clock, emit: (record: EmittedRecord) => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#breadcrumbs = settings.breadcrumbs && new Breadcrumbs(settings.breadcrumbs);
    this.#repeats =
      settings.repeats &&
      new RepeatCounter(settings.repeats, clock, (last, count) => {
        this.#counts.repeated -= 1;
        emit(withAttributes(last, { 'logferry.repeats': count }));
      });
    this.#burst =
      settings.burst && new BurstGuard(settings.burst, clock, (held) => emit(summaryOf(held, clock.wallNow())));
  }

  /** Whether records below every level are wanted all the same: for the error that may follow. */
  get wantsAll(): boolean {
    return this.#breadcrumbs !== undefined;
  }

  get leftOut(): LeftOut {
    return { ...this.#counts };
  }

  /** The record that goes on, possibly with further attributes, or undefined. Never throws. */
  pass(record: EmittedRecord): EmittedRecord | undefined {
    const told = this.#withBreadcrumbs(record);
    if (this.#repeats?.passes(told) === false) {
      this.#counts.repeated += 1;
      return undefined;
    }
    const { ratioOf } = this.#settings;
    const ratio = ratioOf === undefined ? 1 : sampled(told, ratioOf, this.#clock);
    if (ratio === 0) {
      this.#counts.sampled += 1;
      return undefined;
    }
    if (this.#burst?.passes(told) === false) {
      this.#counts.burst += 1;
      return undefined;
    }
    return ratio < 1 ? withAttributes(told, { 'logferry.sample_ratio': ratio }) : told;
  }

  /** Remembers a record that goes nowhere, for the error that may follow in its trace. */
  note(record: EmittedRecord): void {
    this.#breadcrumbs?.note(record);
  }

  /** Lets go of what is held for a summary. */
  flush(): void {
    this.#repeats?.flush();
    this.#burst?.flush();
  }

  #withBreadcrumbs(record: EmittedRecord): EmittedRecord {
    if (this.#breadcrumbs === undefined) return record;
    if (severityBand(record.severityNumber, record.severityText) < ERROR) {
      this.#breadcrumbs.note(record);
      return record;
    }
    const crumbs = this.#breadcrumbs.take(record);
    return crumbs === undefined ? record : withAttributes(record, { 'logferry.breadcrumbs': crumbs });
  }
}
