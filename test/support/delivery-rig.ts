import type { MeterProvider } from '@opentelemetry/api';
import { expect, onTestFinished } from 'vitest';
import { ARRAY, SINGLE } from '../../src/codec/framing.ts';
import type { Endpoint } from '../../src/delivery/endpoint.ts';
import type { DestinationStats } from '../../src/delivery/stats.ts';
import { judgeStatus } from '../../src/delivery/verdict.ts';
import { Destination } from '../../src/destination.ts';
import type { DeliveryOptions } from '../../src/options.ts';
import type { Channel, Platform } from '../../src/platforms/platform.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { FakeClock, turn } from './fake-clock.ts';
import { type TestServer, testServer } from './http-server.ts';

/** A log record with the given body; `more` replaces any part of it. */
export function record(body: unknown, more: Partial<EmittedRecord> = {}): EmittedRecord {
  return {
    hrTime: [1_767_323_045, 0],
    hrTimeObserved: [1_767_323_045, 0],
    severityNumber: 9,
    severityText: 'INFO',
    body: body as EmittedRecord['body'],
    attributes: {},
    droppedAttributesCount: 0,
    resource: { attributes: { 'service.name': 'test' } } as unknown as EmittedRecord['resource'],
    instrumentationScope: { name: 'test' },
    ...more,
  } as EmittedRecord;
}

export interface FakePlatformOptions {
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  readonly concurrency?: number;
  readonly judge?: Endpoint['judge'];
  readonly request?: Endpoint['request'];
  readonly encode?: (record: EmittedRecord) => string;
}

/** One channel of a platform without any rules: `{"id": body}` in an array. */
export function fakeChannel(origin: string, options: FakePlatformOptions = {}): Channel {
  const { maxRecords = 512, maxBytes = 1_048_576, concurrency = 1, judge = judgeStatus } = options;
  const { encode = ({ body }: EmittedRecord): string => JSON.stringify({ id: body }) } = options;
  const headers = { 'content-type': 'application/json' };
  const { request = (body: Uint8Array) => ({ path: '/logs', headers, body }) } = options;
  const framing = maxRecords === 1 ? SINGLE : ARRAY;
  return {
    codec: { maxRecords, maxBytes, encode, framing: () => framing },
    endpoint: { origin, request, judge },
    concurrency,
  };
}

export function fakePlatform(origin: string, options?: FakePlatformOptions): Platform {
  const channel = fakeChannel(origin, options);
  return { name: 'fake', logs: channel, events: channel };
}

/** Counts finished requests: the histogram hears of each exactly once. */
function countingMeter(finished: () => void): MeterProvider {
  const nothing = { add(): void {} };
  const meter = {
    createCounter: () => nothing,
    createUpDownCounter: () => nothing,
    createHistogram: () => ({ record: finished }),
  };
  return { getMeter: () => meter } as unknown as MeterProvider;
}

export function droppedOf(stats: DestinationStats): number {
  return Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
}

/** `accepted = delivered + pending + deadLettered + Σ dropped`, and an empty queue holds no bytes. */
export function expectConserved(stats: DestinationStats): void {
  const { accepted, delivered, pending, deadLettered } = stats;
  expect(delivered + pending + deadLettered + droppedOf(stats)).toBe(accepted);
  expect(pending).toBeGreaterThanOrEqual(0);
  expect(pending === 0).toBe(stats.pendingBytes === 0);
}

/** Longest real time that anything on the loopback may take before a test gives up. */
const PATIENCE_MILLIS = 20_000;

/** Waits, in real time, for a condition that is bound to come; `step` makes it come. */
export async function until(
  condition: () => boolean,
  what = 'the condition',
  step: () => unknown = () => {},
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MILLIS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await step();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export interface RigOptions extends FakePlatformOptions {
  readonly delivery?: DeliveryOptions;
  readonly platform?: (origin: string) => Platform;
  readonly origin?: string;
  readonly randoms?: readonly number[];
}

/** A destination on a fake clock in front of a real server: time passes only while no request is under way. */
export class Rig {
  readonly clock: FakeClock;
  readonly server: TestServer;
  readonly destination: Destination;
  finished = 0;
  #named = 0;

  constructor(server: TestServer, clock: FakeClock, options: RigOptions) {
    this.server = server;
    this.clock = clock;
    const origin = options.origin ?? server.origin;
    const platform = options.platform?.(origin) ?? fakePlatform(origin, options);
    const meterProvider = countingMeter(() => {
      this.finished += 1;
    });
    this.destination = new Destination(platform, { meterProvider, ...options.delivery }, { clock });
  }

  get stats(): DestinationStats {
    return this.destination.stats();
  }

  /** Hands over `count` records with names of their own and returns the names. */
  emit(count = 1, prefix = 'r'): string[] {
    const names = Array.from({ length: count }, () => {
      this.#named += 1;
      return `${prefix}${this.#named}`;
    });
    for (const name of names) this.destination.accept(record(name));
    return names;
  }

  /** Waits until no request is under way and nothing is about to start one. */
  async idle(): Promise<void> {
    let calm = 0;
    await until(() => {
      calm = this.stats.requests === this.finished ? calm + 1 : 0;
      return calm > 2;
    }, 'the end of all requests');
    await turn();
  }

  /** Lets `millis` pass; whenever something happens, its requests are let finish before time goes on. */
  async pass(millis: number): Promise<void> {
    const end = this.clock.now() + millis;
    await this.idle();
    while (this.clock.next < end) {
      await this.clock.advance(this.clock.next - this.clock.now());
      await this.idle();
    }
    await this.clock.advance(end - this.clock.now());
    await this.idle();
  }

  /** The end of every test: nothing vanished, and a fresh record is delivered within two minutes. */
  async expectAlive(): Promise<void> {
    expectConserved(this.stats);
    const [name] = this.emit(1, 'fresh');
    await this.pass(120_000);
    expect(this.server.stored).toContain(name);
    expectConserved(this.stats);
  }
}

/** A rig for one test; its server and its connections end with the test. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const clock = new FakeClock(...(options.randoms ?? []));
  const server = await serve(() => clock.now());
  const made = new Rig(server, clock, options);
  onTestFinished(() => made.destination.shutdown(0));
  return made;
}

/** A server for one test. */
export async function serve(now?: () => number): Promise<TestServer> {
  const server = await testServer(now);
  onTestFinished(() => server.close());
  return server;
}
