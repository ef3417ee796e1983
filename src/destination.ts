import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { Pipeline } from './delivery/pipeline.ts';
import { beforeExit } from './delivery/spool/exit.ts';
import type { DestinationStats } from './delivery/stats.ts';
import { withEncoding } from './encoding.ts';
import { ExceptionTwins } from './exception-twins.ts';
import type { DestinationFlush, FlushOptions } from './flush.ts';
import { Intake } from './intake.ts';
import { type DestinationLevels, destinationLevels, NOTHING, passes } from './levels/destination-levels.ts';
import type { Levels } from './levels/levels.ts';
import type { DeliveryOptions, DeliverySettings } from './options.ts';
import { deliverySettings } from './options.ts';
import type { Channel, Platform } from './platforms/platform.ts';
import type { EmittedRecord } from './record/record.ts';
import { eventNameOf } from './record/record.ts';
import { assertSecure } from './secure-address.ts';
import { Unresolved } from './unresolved.ts';

const DEFAULT_CONCURRENCY = 4;

function total(dropped: DestinationStats['dropped']): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

/** What a destination is told besides its options. */
export interface Surroundings {
  /** Default: the real one. */
  readonly clock?: Clock;
  /** Whoever made the destination flushes it when the process ends. Default false: it sees to its own end. */
  readonly isFlushedAtEnd?: boolean;
  /** Shared with other destinations; the levels in its options are then its own. Default: made of its options. */
  readonly levels?: Levels;
}

/** A platform and its delivery: takes records, encodes them at once, and answers for them until they end. */
export class Destination {
  readonly #platform: Platform;
  readonly #settings: DeliverySettings;
  readonly #minimums: DestinationLevels;
  readonly #channels: readonly Channel[];
  readonly #pipeline: Pipeline;
  readonly #intake: Intake | undefined;
  readonly #twins: ExceptionTwins;
  readonly #unresolved: Unresolved;
  readonly #forgetEnd: (() => void) | undefined;
  readonly #clock: Clock;

  /** Throws a `TypeError` or `RangeError` for bad options, an `Error` when a required spool cannot be used. */
  constructor(
    given: Platform,
    options?: DeliveryOptions,
    { clock = systemClock, isFlushedAtEnd = false, levels: shared }: Surroundings = {},
  ) {
    const settings = deliverySettings(options);
    const platform = withEncoding(given, settings, clock);
    assertSecure(platform, settings.allowInsecure);
    this.#platform = platform;
    this.#clock = clock;
    this.#settings = settings;
    this.#minimums = destinationLevels(platform.name, settings, shared);
    this.#channels = [...new Set([platform.logs, platform.events])];
    this.#pipeline = new Pipeline({
      ...settings,
      name: platform.name,
      clock,
      // Without a spool and without anybody who flushes at the end, records in flight would be lost.
      holdsProcess: settings.spool === undefined && !isFlushedAtEnd,
      lanes: this.#channels.map(({ codec, endpoint, concurrency = DEFAULT_CONCURRENCY }, index) => ({
        name: index === 0 ? 'logs' : 'events',
        codec,
        endpoint,
        concurrency: settings.maxConcurrency ?? concurrency,
      })),
    });
    const { spoolProblem } = this.#pipeline;
    if (settings.spool?.required && spoolProblem !== undefined) {
      void this.#pipeline.shutdown(0);
      throw new Error(spoolProblem);
    }
    const { volume, beforeSend } = settings;
    const chooses = volume !== undefined || beforeSend !== undefined;
    this.#intake = chooses
      ? new Intake({ name: platform.name, clock, volume, beforeSend }, (record) =>
          this.#take(record, this.#route(record)),
        )
      : undefined;
    this.#twins = new ExceptionTwins(clock, (record) => this.#take(record, this.#route(record)));
    this.#unresolved = new Unresolved(clock);
    const drains = settings.spool !== undefined && !isFlushedAtEnd && settings.exitMillis > 0;
    this.#forgetEnd = drains ? beforeExit(() => this.flush({ timeoutMillis: settings.exitMillis })) : undefined;
  }

  /** The levels that its records are measured by; they can be changed at run time. */
  get levels(): Levels {
    return this.#minimums.levels;
  }

  get name(): string {
    return this.#platform.name;
  }

  /** What is wrong with the spool, while records wait in memory for it. */
  get spoolProblem(): string | undefined {
    return this.#pipeline.spoolProblem;
  }

  /** Whether such a record would be taken, of any scope if none is given; events too, where they are a stream. */
  takes(
    severityNumber: number | undefined,
    eventName?: string,
    scope?: EmittedRecord['instrumentationScope'],
  ): boolean {
    const minimum = this.#minimums.of(scope);
    if (minimum === NOTHING) return false;
    if (this.#intake?.wantsAll === true || passes(severityNumber, minimum)) return true;
    return eventName !== undefined && this.#channels.length > 1;
  }

  /** Takes a log record; false when it could not be kept (it is counted then). Never throws. */
  accept(record: EmittedRecord): boolean {
    const route = this.#route(record);
    if (this.#intake !== undefined) return this.#choose(this.#intake, record, route);
    if (route.length === 0) return true;
    this.#twins.logged(record);
    return this.#take(record, route);
  }

  /** Takes a span event in the form of a record. Exceptions wait a moment for a log record that tells the same. */
  acceptSpanEvent(record: EmittedRecord): void {
    if (this.#route(record).length === 0) return;
    const passed = this.#intake === undefined ? record : this.#intake.pass(record);
    if (passed === undefined) return;
    if (passed.eventName === 'exception') this.#twins.recorded(passed);
    else this.#take(passed, this.#route(passed));
  }

  /** Waits until what was taken before has ended, or is durable, bounded. Never rejects. */
  async flush({ until, timeoutMillis = this.#settings.flushMillis }: FlushOptions = {}): Promise<DestinationFlush> {
    this.#intake?.flush();
    this.#twins.flush();
    if (until !== 'durable') return this.#reported(() => this.#pipeline.flush(timeoutMillis));
    return this.#reported(() => this.#within(timeoutMillis, this.sync()));
  }

  /**
   * The same where log records may still be on their way to us, in the queue of a batch processor: exception events
   * are given the time they wait for their log record.
   */
  async flushPatiently(options: FlushOptions = {}): Promise<DestinationFlush> {
    const { timeoutMillis = this.#settings.flushMillis } = options;
    const begun = this.#clock.now();
    await this.#twins.settled(timeoutMillis);
    return this.flush({ ...options, timeoutMillis: Math.max(0, timeoutMillis - (this.#clock.now() - begun)) });
  }

  /** Whether success is to be reported only once the disk has confirmed what was taken. */
  get syncsEveryBatch(): boolean {
    return this.#pipeline.syncsEveryBatch;
  }

  /** Resolves when the disk has confirmed what was taken before, or nothing of it is left; false when it could not. */
  async sync(): Promise<boolean> {
    return (await this.#pipeline.sync()) || this.stats().pending === 0;
  }

  /** Delivers what it can, bounded, leaves the rest to the spool or counts it, and takes nothing more. Never rejects. */
  shutdown(timeoutMillis = this.#settings.shutdownMillis): Promise<void> {
    this.#forgetEnd?.();
    this.#intake?.flush();
    this.#twins.flush();
    this.#unresolved.settleAll();
    return this.#pipeline.shutdown(timeoutMillis);
  }

  async #within(timeoutMillis: number, result: Promise<boolean>): Promise<boolean> {
    const done = new AbortController();
    const timeout = this.#clock.sleep(timeoutMillis, done.signal, true).then(() => false);
    const first = await Promise.race([result, timeout]);
    done.abort();
    return first;
  }

  async #reported(flush: () => Promise<boolean>): Promise<DestinationFlush> {
    const before = this.stats();
    const complete = await flush();
    const { platform, delivered, deadLettered, dropped, pending } = this.stats();
    return {
      platform,
      complete,
      delivered: delivered - before.delivered,
      deadLettered: deadLettered - before.deadLettered,
      dropped: total(dropped) - total(before.dropped),
      pending,
    };
  }

  stats(): DestinationStats {
    const stats = this.#pipeline.stats();
    return this.#intake === undefined ? stats : { ...stats, leftOut: this.#intake.leftOut };
  }

  #choose(intake: Intake, record: EmittedRecord, route: readonly Channel[]): boolean {
    if (route.length === 0) {
      intake.below(record);
      return true;
    }
    const passed = intake.pass(record);
    if (passed === undefined) return true;
    this.#twins.logged(passed);
    return this.#take(passed, passed === record ? route : this.#route(passed));
  }

  #take(record: EmittedRecord, route: readonly Channel[]): boolean {
    let kept = true;
    const waits = this.#unresolved.concerns(record.resource);
    for (const channel of route) {
      const text = channel.codec.encode(record);
      const lane = this.#channels.indexOf(channel);
      const taken = waits ? this.#hold(lane, channel, record, text) : this.#pipeline.accept(lane, text);
      kept = taken && kept;
    }
    return kept;
  }

  #hold(lane: number, { codec }: Channel, record: EmittedRecord, text: string): boolean {
    const held = this.#pipeline.hold(lane, text);
    if (held === undefined) return false;
    this.#unresolved.add(record.resource, () => held.settle(codec.encode(record)));
    return true;
  }

  /** The channels that take a record. An events channel of its own knows no severity and is never filtered by it. */
  #route(record: EmittedRecord): readonly Channel[] {
    const minimum = this.#minimums.of(record.instrumentationScope);
    if (minimum === NOTHING) return [];
    const channels = this.#channels.length === 1 ? this.#channels : this.#channelsFor(record);
    if (passes(record.severityNumber, minimum)) return channels;
    return channels.filter((channel) => channel !== this.#platform.logs);
  }

  #channelsFor(record: EmittedRecord): readonly Channel[] {
    const { logs, events } = this.#platform;
    try {
      return this.#platform.channelFor?.(record) ?? [eventNameOf(record) === undefined ? logs : events];
    } catch {
      return [logs];
    }
  }
}
