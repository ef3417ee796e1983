import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Destination } from '../../../src/destination.ts';
import type { DeliveryOptions } from '../../../src/options.ts';
import type { EmittedRecord } from '../../../src/record/record.ts';
import { expectConserved, fakePlatform, type Rig, record, rig, until } from '../../support/delivery-rig.ts';
import { FakeClock, turn } from '../../support/fake-clock.ts';

// A destination with a spool, from the outside: what its users see.

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logferry-durable-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function durable(more: DeliveryOptions = {}, spool: object = {}): DeliveryOptions {
  return { ...more, spool: { directory: join(directory, 'spool'), ...spool } };
}

function files(ending: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
}

/** Lets file operations of the thread pool come to their ends. */
async function settled(it: Rig): Promise<void> {
  for (let round = 0; round < 20; round += 1) await turn();
  await it.idle();
}

describe('a record in the spool', () => {
  it('is on disk when accept() has returned, and gone when it was delivered and its segment ended', async () => {
    const it = await rig({ delivery: durable() });
    await it.server.pause();
    it.emit(3);
    const [segment] = files('.seg');
    expect(statSync(join(directory, segment ?? '')).size).toBeGreaterThan(3 * 20);
    await it.server.open();
    await it.pass(120_000);
    expect(it.stats).toMatchObject({ delivered: 3, pending: 0, pendingBytes: 0 });
    await until(() => files('.seg').length === 0, 'the end of the segment');
    expectConserved(it.stats);
  });

  it('waits for the next destination when this one is shut down, with its text unchanged', async () => {
    const first = await rig({ delivery: durable() });
    await first.server.pause();
    const names = first.emit(5);
    await first.destination.shutdown(0);
    expect(first.stats).toMatchObject({ accepted: 5, pending: 5, delivered: 0 });
    expectConserved(first.stats);
    const second = await rig({ delivery: durable() });
    await until(() => second.stats.recovered === 5, 'recovery');
    await second.pass(1_000);
    expect(second.server.stored).toEqual(names);
    expect(second.stats).toMatchObject({ accepted: 5, recovered: 5, delivered: 5, pending: 0 });
    expectConserved(second.stats);
  });

  it('of a backlog shares the requests with fresh records', async () => {
    const first = await rig({ delivery: durable() });
    await first.server.pause();
    first.emit(50, 'old');
    await first.destination.shutdown(0);
    const second = await rig({ maxRecords: 5, delivery: durable() });
    await second.server.pause();
    await until(() => second.stats.recovered === 50, 'recovery');
    second.emit(50, 'new');
    await second.server.open();
    await second.pass(120_000);
    const half = second.server.stored.slice(0, 50);
    expect(half.filter((name) => String(name).startsWith('new')).length).toBeGreaterThanOrEqual(20);
    expect(half.filter((name) => String(name).startsWith('old')).length).toBeGreaterThanOrEqual(20);
    expect(new Set(second.server.stored).size).toBe(100);
  });

  it('of another spool name is left alone', async () => {
    const first = await rig({ delivery: durable({}, { name: 'account one' }) });
    await first.server.pause();
    first.emit(2);
    await first.destination.shutdown(0);
    const second = await rig({ delivery: durable({}, { name: 'account two' }) });
    await settled(second);
    await second.pass(30_000);
    expect(second.stats.recovered).toBe(0);
    expect(files('account').length).toBe(0);
  });
});

describe('queue.maxAgeMillis', () => {
  it.each([
    ['with a spool', true],
    ['in memory', false],
  ])('drops what has waited longer, %s', async (_name, onDisk) => {
    const age = { queue: { maxAgeMillis: 600_000 } };
    const it = await rig({ delivery: onDisk ? durable(age, { segmentMillis: 1_000 }) : age });
    await it.server.pause();
    it.emit(10);
    await it.pass(300_000);
    it.clock.jumpWall(365 * 86_400_000);
    await it.pass(200_000);
    expect(it.stats).toMatchObject({ pending: 10, dropped: { expired: 0 } });
    it.emit(1, 'young');
    await it.pass(180_000);
    expect(it.stats).toMatchObject({ pending: 1, dropped: { expired: 10 } });
    await it.server.open();
    await it.pass(120_000);
    expect(it.server.stored).toEqual(['young11']);
    await it.expectAlive();
  });
});

describe('spool.compress', () => {
  it('shrinks what waits in an outage, and delivers it unchanged', async () => {
    const it = await rig({ delivery: durable({}, { compress: true, segmentBytes: 100_000, maxDiskBytes: 4_000_000 }) });
    await it.server.pause();
    it.emit(1);
    await it.pass(10_000);
    const names = it.emit(30_000, 'a rather repetitive name of a record ');
    const onDisk = (): number => it.stats.spool?.diskBytes ?? 0;
    const plain = onDisk();
    const second = (): Promise<void> => it.clock.advance(1_000);
    await until(() => files('.seg.gz').length >= 10 && onDisk() < plain / 4, 'compression', second);
    const [packed = ''] = files('.seg.gz');
    expect(gunzipSync(readFileSync(join(directory, packed))).toString()).toContain('a rather repetitive name');
    await it.server.open();
    await until(
      () => it.stats.pending === 0,
      'delivery',
      () => it.clock.advance(1_000),
    );
    expect(it.server.stored.slice(-30_000)).toEqual(names);
    expect(it.stats.dropped).toMatchObject({ corrupt: 0, overflow: 0, spool_lost: 0 });
    expectConserved(it.stats);
  });
});

describe('flush', () => {
  it('until durable ends when the disk has confirmed it, whatever the platform does', async () => {
    const it = await rig({ delivery: durable() });
    await it.server.pause();
    it.emit(3);
    const report = await it.destination.flush({ until: 'durable', timeoutMillis: 5_000 });
    expect(report).toEqual({ platform: 'fake', complete: true, delivered: 0, deadLettered: 0, dropped: 0, pending: 3 });
  });

  it('until durable is incomplete without a spool, as long as something waits', async () => {
    const it = await rig();
    await it.server.pause();
    it.emit(3);
    expect(await it.destination.flush({ until: 'durable' })).toMatchObject({ complete: false, pending: 3 });
    await it.server.open();
    await it.pass(120_000);
    expect(await it.destination.flush({ until: 'durable' })).toMatchObject({ complete: true, pending: 0 });
  });

  it('until delivered tells what has become of the records', async () => {
    const it = await rig({ delivery: durable(), maxRecords: 1 });
    it.server.answer = (seen) => (seen.body.includes('r2') ? 400 : 200);
    it.emit(3);
    const flushed = it.destination.flush({ until: 'delivered', timeoutMillis: 5_000 });
    await it.pass(1_000);
    expect(await flushed).toMatchObject({ complete: true, delivered: 2, deadLettered: 1, pending: 0 });
  });
});

describe('a resource whose attributes are still being detected', () => {
  /** Encodes the resource, as the platforms do. */
  const encode = ({ body, resource }: EmittedRecord): string =>
    JSON.stringify({ id: `${body} of ${(resource.attributes as Record<string, unknown>)['host.id'] ?? 'unknown'}` });

  function detecting(): { resource: EmittedRecord['resource']; found: () => void } {
    let found = (): void => {};
    const resource = { attributes: {} as Record<string, unknown>, asyncAttributesPending: true } as Record<
      string,
      unknown
    >;
    const done = new Promise<void>((resolve) => {
      found = () => {
        resource.attributes = { 'host.id': 'h-1' };
        resource.asyncAttributesPending = false;
        resolve();
      };
    });
    resource.waitForAsyncAttributes = () => done;
    return { resource: resource as unknown as EmittedRecord['resource'], found };
  }

  it.each([
    ['with a spool', true],
    ['in memory', false],
  ])('is waited for, %s', async (_name, onDisk) => {
    const it = await rig({ encode, ...(onDisk && { delivery: durable() }) });
    const { resource, found } = detecting();
    it.destination.accept(record('early', { resource }));
    await it.pass(1_000);
    expect(it.server.stored).toEqual([]);
    expect(it.stats).toMatchObject({ accepted: 1, pending: 1 });
    found();
    await settled(it);
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['early of h-1']);
    expect(it.stats).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
    expectConserved(it.stats);
  });

  it('is waited for ten seconds, not for ever', async () => {
    const it = await rig({ encode });
    it.destination.accept(record('early', { resource: detecting().resource }));
    await it.pass(9_000);
    expect(it.server.stored).toEqual([]);
    await it.pass(2_000);
    expect(it.server.stored).toEqual(['early of unknown']);
    expectConserved(it.stats);
  });

  it('may never be known: the record survives with what is known', async () => {
    const first = await rig({ encode, delivery: durable() });
    first.destination.accept(record('early', { resource: detecting().resource }));
    // As a kill does it: the directory is found by somebody else, and nothing more is written.
    const [instance = ''] = readdirSync(join(directory, 'spool/logferry-v1/fake'));
    const copy = join(directory, 'copy/logferry-v1/fake', instance);
    mkdirSync(join(copy, '..'), { recursive: true, mode: 0o700 });
    renameSync(join(directory, 'spool/logferry-v1/fake', instance), copy);
    renameSync(join(copy, 'owner.json'), join(copy, 'released'));
    const second = await rig({ encode, delivery: { spool: { directory: join(directory, 'copy') } } });
    await until(() => second.stats.recovered === 1, 'recovery');
    await second.pass(1_000);
    expect(second.server.stored).toEqual(['early of unknown']);
  });
});

describe('row 52: a process that was paused while another took over its directory', () => {
  async function paused(act: (instance: string) => void): Promise<Rig> {
    const it = await rig({ delivery: durable() });
    await it.server.pause();
    it.emit(4);
    const parent = join(directory, 'spool/logferry-v1/fake');
    const [instance = ''] = readdirSync(parent);
    act(join(parent, instance));
    // Nothing runs during a pause: the clock jumps, and the next record finds out.
    it.clock.skip(20_000);
    it.emit(1, 'after');
    return it;
  }

  it('goes on in a new directory and leaves the old records to the other', async () => {
    const it = await paused((path) =>
      renameSync(
        path,
        path.replace(/[^/]+$/, (own) => `mwpyg00w-1-0-3dca7bea.adopt-${own}`),
      ),
    );
    expect(it.stats.dropped.taken_over).toBeGreaterThan(0);
    await it.server.open();
    await it.pass(120_000);
    expect(it.server.stored).toContain('after5');
    expectConserved(it.stats);
  });

  it('counts records of a deleted directory as lost', async () => {
    const it = await paused((path) => rmSync(path, { recursive: true }));
    expect(it.stats.dropped.spool_lost).toBeGreaterThan(0);
    await it.server.open();
    await it.pass(120_000);
    expect(it.server.stored).toContain('after5');
    expectConserved(it.stats);
  });
});

describe('an unusable directory', () => {
  it('throws only when the spool is required', () => {
    const clock = new FakeClock();
    const spool = { directory: '/proc/no-such-directory/spool' };
    const optional = new Destination(fakePlatform('http://127.0.0.1:1'), { spool }, { clock });
    expect(optional.spoolProblem).toContain('/proc/no-such-directory');
    expect(optional.accept(record('kept'))).toBe(true);
    expect(optional.stats()).toMatchObject({ pending: 1, spool: { state: 'memory', diskBytes: 0 } });
    onTestFinished(() => optional.shutdown(0));
    const required = { spool: { ...spool, required: true } };
    expect(() => new Destination(fakePlatform('http://127.0.0.1:1'), required, { clock })).toThrow(/no-such-directory/);
  });
});
