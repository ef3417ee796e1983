import fs from 'node:fs';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { expect, onTestFinished } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { ByteBudget } from '../../../src/delivery/byte-budget.ts';
import { Diagnostics } from '../../../src/delivery/diagnostics.ts';
import { type DropReason, Ledger } from '../../../src/delivery/ledger.ts';
import { MemoryQueue } from '../../../src/delivery/memory-queue.ts';
import type { TakeOptions } from '../../../src/delivery/queue.ts';
import type { DiskQueue } from '../../../src/delivery/spool/disk-queue.ts';
import { nodeFiles, type SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { OWNER_FILE, RELEASED_FILE, ROOT_FOLDER } from '../../../src/delivery/spool/names.ts';
import { Spool } from '../../../src/delivery/spool/spool.ts';
import type { SpoolSettings } from '../../../src/delivery/spool/spool-settings.ts';
import { SpooledQueue } from '../../../src/delivery/spool/spooled-queue.ts';
import { FakeClock, turn } from '../../support/fake-clock.ts';
import { temporaryDirectory } from './places.ts';
import { type WatchedFiles, watched } from './support.ts';

export interface LifeOptions<Files extends SpoolFiles = SpoolFiles> {
  /** Default: a new one. */
  readonly directory?: string;
  readonly files?: Files;
  readonly clock?: FakeClock;
  readonly lanes?: readonly string[];
  readonly settings?: Partial<SpoolSettings>;
  readonly memoryBytes?: number;
  readonly maxAgeMillis?: number;
}

export const EVERYTHING: TakeOptions = { maxRecords: 1e9, maxBytes: 1e9 };
const PLATFORM = 'test';

const DEFAULTS: Omit<SpoolSettings, 'directory'> = {
  ...{ name: '', maxDiskBytes: 256 * 1_048_576, minFreeBytes: 0, segmentBytes: 16_384, segmentMillis: 60_000 },
  ...{ fsync: 'interval', fsyncMillis: 1_000, compress: false, maxDeadLetterBytes: 1_048_576, required: false },
};

/** The texts of a batch, as they are sent. */
export function textsOf(batch: Batch): string {
  const bytes = Buffer.alloc(batch.bytes + Math.max(0, batch.count - 1));
  expect(batch.copy(bytes, 0)).toBe(bytes.length);
  return bytes.toString('utf8');
}

/** The numbers in a batch of `{"id":n,…}`. */
export function idsOf(batch: Batch | undefined): readonly number[] {
  if (batch === undefined) return [];
  return (JSON.parse(`[${textsOf(batch)}]`) as { id: number }[]).map(({ id }) => id);
}

/** A record of about `bytes` bytes. */
export function textOf(id: number, bytes = 0): string {
  const text = JSON.stringify({ id, pad: '' });
  return JSON.stringify({ id, pad: 'x'.repeat(Math.max(0, bytes - text.length)) });
}

interface Ends {
  readonly closers: Set<() => void>;
}

/** Who hears what is said under a name. */
const LISTENERS = new Map<string, { readonly told: string[]; readonly cleared: string[] }>();

function hear(to: 'told' | 'cleared', message: string): void {
  const [prefix = ''] = /^logferry life\d+: /.exec(message) ?? [];
  LISTENERS.get(prefix)?.[to].push(message.slice(prefix.length));
}

diag.setLogger({
  ...{ error: () => {}, debug: () => {}, verbose: () => {} },
  warn: (message) => hear('told', message),
  info: (message) => hear('cleared', message),
});

/** One process with a spool, on a clock of its own, wired up as a pipeline does it. */
export class Life<Files extends SpoolFiles = SpoolFiles> {
  readonly directory: string;
  readonly clock: FakeClock;
  readonly files: WatchedFiles<Files>;
  readonly spool: Spool;
  readonly ledger = new Ledger();
  readonly budget: ByteBudget;
  readonly queues = new Map<string, SpooledQueue>();
  readonly memories = new Map<string, MemoryQueue>();
  /** What operators were told: problems, and their ends. */
  readonly told: string[] = [];
  readonly cleared: string[] = [];
  /** Whether delivery is interrupted. */
  impaired = false;
  readable = 0;
  readonly #closer: () => void;

  constructor(options: LifeOptions<Files>) {
    const { directory = temporaryDirectory(), clock = new FakeClock(), lanes = ['logs'], settings } = options;
    this.directory = directory;
    this.clock = clock;
    this.files = watched((options.files ?? nodeFiles) as Files);
    this.budget = new ByteBudget(options.memoryBytes ?? 1_048_576);
    const name = `life${LISTENERS.size}`;
    LISTENERS.set(`logferry ${name}: `, this);
    const diagnostics = new Diagnostics(name, clock);
    const before = new Set(closers());
    this.spool = new Spool({
      ...{ files: this.files, clock, platform: PLATFORM, diagnostics },
      settings: { ...DEFAULTS, directory, ...settings },
      lanes: lanes.map((name) => ({
        name,
        onReadable: () => {
          this.readable += 1;
        },
      })),
      maxAgeMillis: options.maxAgeMillis ?? Number.POSITIVE_INFINITY,
      onDrop: (count, reason) => this.ledger.drop(count, reason),
      onRecovered: (count, damaged) => {
        this.ledger.recover(count + damaged);
        this.ledger.drop(damaged, 'corrupt');
      },
      onTick: () => this.drain(),
      isImpaired: () => this.impaired,
    });
    this.#closer = [...closers()].find((closer) => !before.has(closer)) as () => void;
    for (const lane of lanes) {
      const memory = new MemoryQueue(this.budget, (count, reason) => this.ledger.drop(count, reason));
      this.memories.set(lane, memory);
      this.queues.set(lane, new SpooledQueue(this.spool, this.spool.queue(lane), memory));
    }
  }

  get destination(): string {
    return join(this.directory, ROOT_FOLDER, PLATFORM);
  }

  queue(lane = 'logs'): SpooledQueue {
    return this.queues.get(lane) as SpooledQueue;
  }

  disk(lane = 'logs'): DiskQueue {
    return this.spool.queue(lane);
  }

  memory(lane = 'logs'): MemoryQueue {
    return this.memories.get(lane) as MemoryQueue;
  }

  drain(): void {
    for (const queue of this.queues.values()) queue.drain();
  }

  get pending(): number {
    return [...this.queues.values()].reduce((sum, { waiting, taken }) => sum + waiting + taken, 0);
  }

  dropped(reason: DropReason): number {
    return this.ledger.dropped[reason];
  }

  /** Accepts a text as a pipeline does. */
  append(text: string, lane?: string): boolean {
    this.ledger.accept(1);
    const kept = this.queue(lane).append(text);
    if (!kept) this.ledger.drop(1, 'overflow');
    return kept;
  }

  appendMany(ids: readonly number[], bytes = 0, lane?: string): void {
    for (const id of ids) this.append(textOf(id, bytes), lane);
  }

  appendTaken(text: string, lane?: string): Batch | undefined {
    this.ledger.accept(1);
    const batch = this.queue(lane).appendTaken(text);
    if (batch === undefined) this.ledger.drop(1, 'overflow');
    return batch;
  }

  acknowledge(batch: Batch, lane?: string): void {
    this.queue(lane).acknowledge(batch);
    this.ledger.deliver(batch.count);
  }

  release(batch: Batch, lane?: string): void {
    this.queue(lane).release(batch);
  }

  /** Takes a batch; what has to be read is waited for. */
  async take(options: Partial<TakeOptions> = {}, lane?: string): Promise<Batch | undefined> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const batch = this.queue(lane).take({ ...EVERYTHING, ...options });
      if (batch !== undefined || !this.disk(lane).isReading) return batch;
      await this.read(lane);
    }
    throw new Error('nothing can be taken, although something is always about to be read');
  }

  /** Waits until what is being read is there, a failed attempt's pause included. */
  async read(lane?: string): Promise<void> {
    for (let turns = 1; this.disk(lane).isReading; turns += 1) {
      await turn();
      if (turns % 2_000 === 0) await this.clock.advance(1_000);
    }
  }

  /** Takes, acknowledges and returns the ids of everything that waits, in the order they would be sent. */
  async deliverAll(lane?: string, maxRecords = 1e9): Promise<number[]> {
    const ids: number[] = [];
    for (let batch = await this.take({ maxRecords }, lane); batch !== undefined; ) {
      ids.push(...idsOf(batch));
      this.acknowledge(batch, lane);
      batch = await this.take({ maxRecords }, lane);
    }
    return ids;
  }

  /** Lets `millis` pass; what it makes the file system do is done. */
  async pass(millis: number): Promise<void> {
    for (let left = millis; left > 0; left -= 1_000) {
      await this.clock.advance(Math.min(1_000, left));
      await this.files.watch.idle();
    }
    await this.files.watch.idle();
  }

  /** Takes over what others have left. */
  async adopt(): Promise<void> {
    await this.pass(10_000);
  }

  /** What holds at every moment. */
  expectConsistent(): void {
    expect(this.pending).toBe(this.ledger.pending);
    for (const [lane] of this.queues) {
      const { segments, waiting, taken, pendingBytes } = this.disk(lane);
      expect(waiting).toBe(segments.reduce((sum, segment) => sum + segment.waiting, 0));
      expect(pendingBytes > 0).toBe(waiting + taken > 0);
      for (const segment of segments) {
        expect(segment.spans.reduce((sum, { count }) => sum + count, 0)).toBe(segment.waiting);
        expect(segment.spans.every(({ from, to, count }) => from < to && count > 0)).toBe(true);
        expect(segment.waiting >= 0 && segment.taken >= 0).toBe(true);
      }
    }
    expect(this.files.watch.violations).toEqual([]);
  }

  /** Names of the files of this process, those that it has taken over included. */
  filesLeft(): string[] {
    return this.#folders().flatMap((folder) => fs.readdirSync(folder).filter((name) => name.includes('.seg')));
  }

  #folders(): string[] {
    const own = new Set(this.files.watch.renamed);
    return fs
      .readdirSync(this.destination)
      .map((name) => join(this.destination, name))
      .filter((path) => own.has(path.replace(/\.adopt-.*$/, '')));
  }

  /** As `kill -9` does it; afterwards others find the owner dead. */
  async kill(): Promise<void> {
    closers().delete(this.#closer);
    await this.files.watch.kill();
    for (const folder of this.files.watch.renamed) {
      if (!fs.existsSync(join(folder, OWNER_FILE))) continue;
      fs.writeFileSync(join(folder, RELEASED_FILE), '');
      fs.unlinkSync(join(folder, OWNER_FILE));
    }
  }

  /** The end of the process, as this process's `exit` listener does it. */
  exit(): void {
    expect(closers().has(this.#closer)).toBe(true);
    this.#closer();
  }

  async close(): Promise<void> {
    const closed = this.spool.close();
    for (let done = false; !done; ) {
      await this.pass(1_000);
      done = await Promise.race([closed.then(() => true), turn().then(() => false)]);
    }
  }
}

/** What is called at the end of this process. */
function closers(): Set<() => void> {
  const ends = (globalThis as unknown as Record<symbol, Ends | undefined>)[Symbol.for('logferry.spool.end')];
  return ends?.closers ?? new Set();
}

/** A process that ends with the test. */
export function life<Files extends SpoolFiles = SpoolFiles>(options: LifeOptions<Files> = {}): Life<Files> {
  const made = new Life(options);
  onTestFinished(() => made.kill());
  return made;
}
