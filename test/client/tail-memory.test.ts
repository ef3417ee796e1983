import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { logOf } from '../../src/client/log.ts';
import type { LogTideLog } from '../../src/client/logtide.ts';
import { oldestFirst } from '../../src/client/oldest-first.ts';
import type { LogPage } from '../../src/client/query.ts';
import { SeenIds } from '../../src/client/seen-ids.ts';
import { Tail } from '../../src/client/tail.ts';
import { tailSettings } from '../../src/client/tail-options.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';
import { row } from './fake-logtide.ts';

const log = (number: number, millis: number): LogTideLog => logOf(row(number, millis)) as LogTideLog;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Stored logs, read as the server gives them: newest first, the cursor is the place of the last log of a page. */
class Stored {
  readonly logs: LogTideLog[] = [];
  reads = 0;
  size = 10;

  add(...logs: readonly LogTideLog[]): void {
    this.logs.push(...logs);
    this.logs.sort((a, b) => b.time.localeCompare(a.time) || b.id.localeCompare(a.id));
  }

  page(cursor?: string, from = ''): LogPage {
    this.reads += 1;
    const begin = cursor === undefined ? 0 : this.logs.findIndex(({ id }) => id === cursor) + 1;
    const left = this.logs.slice(begin).filter(({ time }) => time >= from);
    const logs = left.slice(0, this.size);
    const nextCursor = logs.at(-1)?.id;
    const hasMore = left.length > logs.length && nextCursor !== undefined;
    return { logs, total: left.length, limit: this.size, offset: 0, hasMore, ...(hasMore && { nextCursor }) };
  }
}

describe('logs oldest first', () => {
  const collect = async (stored: Stored, most?: number, onPage?: () => void): Promise<number[]> => {
    const pages = oldestFirst(async ({ cursor, from }) => stored.page(cursor, from), most);
    const times: number[] = [];
    for await (const logs of pages) {
      times.push(...logs.map(({ time }) => Date.parse(time)));
      onPage?.();
    }
    return times;
  };

  it.each([0, 1, 10, 11, 99, 100, 101, 257])('%i logs, each once', async (count) => {
    const stored = new Stored();
    stored.add(...range(count).map((number) => log(number, number)));
    expect(await collect(stored)).toEqual(range(count));
  });

  it('only the newest when it is told how many', async () => {
    const stored = new Stored();
    stored.add(...range(257).map((number) => log(number, number)));
    expect(await collect(stored, 25)).toEqual(range(257).slice(-25));
    expect(stored.reads).toBe(3);
  });

  it('keeps ten pages and reads the others a second time; what is stored meanwhile pushes nothing out', async () => {
    const stored = new Stored();
    stored.add(...range(200).map((number) => log(number, number * 10)));
    let added = 0;
    // Into the newest page, which is read again last, more than fits on it.
    const times = await collect(stored, undefined, () => {
      if (added < 12) stored.add(...[0, 1].map((more) => log(1_000 + added + more, 1_955)));
      added += 2;
    });
    expect(times.filter((time) => time !== 1_955)).toEqual(range(200).map((number) => number * 10));
    expect(times.filter((time) => time === 1_955).length).toBe(12);
    // 20 pages, ten of them twice, the newest in three parts.
    expect(stored.reads).toBe(32);
  });
});

describe('ids that were seen', () => {
  it('tell what is new, and forget the longest unseen', () => {
    const seen = new SeenIds(2);
    const isNew = (number: number, millis: number) => seen.take([log(number, millis)], 100).length === 1;
    const has = (number: number) => seen.has(row(number, 0).id);
    expect([isNew(1, 10), isNew(2, 20), seen.horizon]).toEqual([true, true, Number.NEGATIVE_INFINITY]);
    expect([isNew(1, 10), isNew(3, 30)]).toEqual([false, true]);
    expect([has(1), has(2), has(3), seen.horizon]).toEqual([true, false, true, 20]);
    // Forgetting an older one takes nothing back, and one from the future hides nothing.
    isNew(4, 500);
    expect(seen.horizon).toBe(20);
    isNew(5, 40);
    isNew(6, 50);
    expect([has(4), seen.horizon]).toEqual([false, 30]);
  });

  it('are recognised before a new one pushes them out', () => {
    const seen = new SeenIds(2);
    seen.take([log(1, 10), log(2, 20)], 100);
    expect(seen.take([log(3, 5), log(1, 10), log(1, 10)], 100).map(({ time }) => Date.parse(time))).toEqual([5]);
  });
});

describe('a live tail with little memory', () => {
  it('gives nothing twice although it has forgotten ids: it asks only for what it remembers', async () => {
    const clock = new FakeClock();
    const stored = new Stored();
    stored.size = 1_000;
    const begin = clock.wallNow();
    stored.add(...range(250).map((number) => log(number, begin - 5_000 + number)));
    const body = new Readable({ read() {} });
    body.push(`data: {"type":"connected","timestamp":"${new Date(begin).toISOString()}"}\n\n`);
    let queries = 0;
    const source = {
      open: async () => body,
      query: async ({ from, cursor }: { from?: Date | string; cursor?: string }) => {
        queries += 1;
        return stored.page(cursor, String(from));
      },
    };
    const end = new AbortController();
    const settings = tailSettings({ since: new Date(begin - 10_000), lateMillis: 6_000 });
    const given: string[] = [];
    const reading = (async () => {
      for await (const { id } of new Tail(source, settings, clock, end.signal, 100).logs()) given.push(id);
    })();
    while (given.length < 250) await turn();
    stored.add(log(999, begin - 4_752));
    await clock.advance(2_000);
    body.push(': heartbeat\n\n');
    while (queries < 2) await turn();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(given.length).toBe(251);
    expect(new Set(given).size).toBe(251);
    end.abort();
    body.destroy();
    await reading;
  });
});
