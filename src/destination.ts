import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { DestinationStats } from './delivery/pipeline.ts';
import { Pipeline } from './delivery/pipeline.ts';
import { ExceptionTwins } from './exception-twins.ts';
import type { DeliveryOptions, DeliverySettings } from './options.ts';
import { deliverySettings } from './options.ts';
import type { Channel, Platform } from './platforms/platform.ts';
import type { EmittedRecord } from './record/record.ts';
import { eventNameOf } from './record/record.ts';

const DEFAULT_CONCURRENCY = 4;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function assertSecure(platform: Platform, allowInsecure: boolean): void {
  const { protocol, hostname, host } = new URL(platform.logs.endpoint.origin);
  if (protocol === 'https:' || allowInsecure || LOOPBACK.test(hostname)) return;
  throw new TypeError(
    `${platform.name}: http://${host} would show the key to everybody on the way; use https:// or set http.allowInsecure`,
  );
}

/** What a destination is told besides its options. */
export interface Surroundings {
  /** Default: the real one. */
  readonly clock?: Clock;
  /**
   * Whether a request under way keeps an otherwise finished process alive, until its timeout if the platform hangs.
   * Default true: without anybody who flushes at the end, its records would be lost.
   */
  readonly holdsProcess?: boolean;
}

/** A platform and its delivery: takes records, encodes them at once, and answers for them until they end. */
export class Destination {
  readonly #platform: Platform;
  readonly #settings: DeliverySettings;
  readonly #channels: readonly Channel[];
  readonly #pipeline: Pipeline;
  readonly #twins: ExceptionTwins;
  readonly #clock: Clock;

  /** Throws a `TypeError` or `RangeError` for bad options. */
  constructor(
    platform: Platform,
    options?: DeliveryOptions,
    { clock = systemClock, holdsProcess = true }: Surroundings = {},
  ) {
    const settings = deliverySettings(options);
    assertSecure(platform, settings.allowInsecure);
    this.#platform = platform;
    this.#clock = clock;
    this.#settings = settings;
    this.#channels = [...new Set([platform.logs, platform.events])];
    this.#pipeline = new Pipeline({
      ...settings,
      name: platform.name,
      clock,
      holdsProcess,
      lanes: this.#channels.map(({ codec, endpoint, concurrency = DEFAULT_CONCURRENCY }) => ({
        codec,
        endpoint,
        concurrency: settings.maxConcurrency ?? concurrency,
      })),
    });
    this.#twins = new ExceptionTwins(clock, (record) => this.#take(record, this.#route(record)));
  }

  get name(): string {
    return this.#platform.name;
  }

  /** Whether a record of this severity number would be taken; events too, where they are a stream of their own. */
  takes(severityNumber: number | undefined, eventName?: string): boolean {
    // Zero, NaN and negative numbers say no more than none at all.
    if (!severityNumber || severityNumber < 1 || severityNumber >= this.#settings.minimumSeverity) return true;
    return eventName !== undefined && this.#channels.length > 1;
  }

  /** Takes a log record; false when it could not be kept (it is counted then). Never throws. */
  accept(record: EmittedRecord): boolean {
    const route = this.#route(record);
    if (route.length === 0) return true;
    this.#twins.logged(record);
    return this.#take(record, route);
  }

  /** Takes a span event in the form of a record. Exceptions wait a moment for a log record that tells the same. */
  acceptSpanEvent(record: EmittedRecord): void {
    const route = this.#route(record);
    if (route.length === 0) return;
    if (record.eventName === 'exception') this.#twins.recorded(record);
    else this.#take(record, route);
  }

  /** Waits until what was taken before has ended, bounded; true when it has. Never rejects. */
  flush(timeoutMillis = this.#settings.flushMillis): Promise<boolean> {
    this.#twins.flush();
    return this.#pipeline.flush(timeoutMillis);
  }

  /**
   * The same where log records may still be on their way to us, in the queue of a batch processor: exception events
   * are given the time they wait for their log record.
   */
  async flushPatiently(timeoutMillis = this.#settings.flushMillis): Promise<boolean> {
    const begun = this.#clock.now();
    await this.#twins.settled(timeoutMillis);
    return this.#pipeline.flush(Math.max(0, timeoutMillis - (this.#clock.now() - begun)));
  }

  /** Delivers what it can, bounded, counts the rest and takes nothing more. Never rejects. */
  shutdown(timeoutMillis = this.#settings.shutdownMillis): Promise<void> {
    this.#twins.flush();
    return this.#pipeline.shutdown(timeoutMillis);
  }

  stats(): DestinationStats {
    return this.#pipeline.stats();
  }

  #take(record: EmittedRecord, route: readonly Channel[]): boolean {
    let kept = true;
    for (const channel of route) {
      const text = channel.codec.encode(record);
      kept = this.#pipeline.accept(this.#channels.indexOf(channel), text) && kept;
    }
    return kept;
  }

  /** The channels that take a record. An events channel of its own knows no severity and is never filtered by it. */
  #route(record: EmittedRecord): readonly Channel[] {
    const channels = this.#channels.length === 1 ? this.#channels : this.#channelsFor(record);
    if (this.takes(record.severityNumber)) return channels;
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
