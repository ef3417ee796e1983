import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Additions, RecordAdditions } from './additions.ts';
import { additionsOf } from './additions.ts';
import type { DestinationStats } from './delivery/stats.ts';
import { Destination } from './destination.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import { flushReport } from './flush.ts';
import type { LevelSetting } from './levels/levels.ts';
import type { Level } from './levels/names.ts';
import type { DeliveryOptions } from './options.ts';
import type { Platform } from './platforms/platform.ts';
import type { EmittedRecord } from './record/record.ts';
import type { SpanEventTarget } from './span-event-bridge.ts';

type ExportCallback = Parameters<LogRecordExporter['export']>[1];

/** Delivery options, and what is added to every record. */
export interface ExporterOptions extends DeliveryOptions, RecordAdditions {}

class ExportError extends Error {
  override readonly name = 'not_kept';
}

function report(resultCallback: ExportCallback, kept: boolean): void {
  try {
    if (kept) resultCallback({ code: 0 });
    else resultCallback({ code: 1, error: new ExportError('the records could not be kept; see stats().dropped') });
  } catch {
    // The callback belongs to the processor; its failure is none of the application's business.
  }
}

/**
 * Delivers log records to one platform, behind any OpenTelemetry `LogRecordProcessor`.
 *
 * A batch is encoded and owned at once: `export()` calls back exactly once, before it returns (with `spool.fsync:
 * 'batch'`: once the disk has confirmed it), with SUCCESS when the records are kept and FAILED when none could be. What becomes of them afterwards is counted by `stats()`. Overlapping
 * `export()` calls are fine. Nothing is ever thrown into the application.
 */
export class PlatformLogExporter implements LogRecordExporter, SpanEventTarget {
  readonly #destination: Destination;
  readonly #additions: Additions | undefined;
  #shutdown: Promise<void> | undefined;

  /** Throws a `TypeError` or `RangeError` that names a bad option. */
  constructor(platform: Platform, options: ExporterOptions = {}) {
    const { attributes, tags, ...delivery } = options;
    this.#additions = additionsOf({ ...(attributes && { attributes }), ...(tags && { tags }) });
    this.#destination = new Destination(platform, delivery);
  }

  export(records: ReadableLogRecord[], resultCallback: ExportCallback): void {
    let kept = records.length === 0 && this.#shutdown === undefined;
    for (const record of records) kept = this.#destination.accept(this.#additions?.to(record) ?? record) || kept;
    if (kept && this.#destination.syncsEveryBatch)
      void this.#destination.sync().then(() => report(resultCallback, true));
    else report(resultCallback, kept);
  }

  /** Takes a span event from a `SpanEventBridge`. */
  emitSpanEvent(record: EmittedRecord): void {
    this.#destination.acceptSpanEvent(this.#additions?.to(record) ?? record);
  }

  /**
   * Sets the level of this destination (by the platform's name) or of all scopes that match a pattern (`db.*`), until
   * undefined resets it. False, and nothing changes, when target or level cannot be read.
   */
  setLevel(target: string, level: Level | undefined): boolean {
    return this.#destination.levels.set(target, level);
  }

  /** The level of this destination, then those of patterns, as they hold now. */
  levels(): readonly LevelSetting[] {
    return this.#destination.levels.list();
  }

  /** Waits for the delivery of what was exported before, `timeouts.flushMillis` at most. Never rejects. */
  async forceFlush(): Promise<void> {
    await this.#destination.flushPatiently();
  }

  /** Waits for delivery, or until the disk has confirmed it, and tells what has become of the records. Never rejects. */
  async flush(options?: FlushOptions): Promise<FlushReport> {
    return flushReport([await this.#destination.flushPatiently(options)]);
  }

  /**
   * Delivers what it can within `timeouts.shutdownMillis` and leaves the rest to the spool, if there is one; afterwards
   * `export()` answers FAILED. Never rejects.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#destination.shutdown();
    return this.#shutdown;
  }

  /** The counts of this destination; `accepted = delivered + pending + deadLettered + Σ dropped` at every moment. */
  stats(): DestinationStats {
    return this.#destination.stats();
  }
}
