import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmittedRecord } from '../../../src/record/record.ts';
import { Unresolved } from '../../../src/unresolved.ts';
import { expectConserved, type Rig, type RigOptions, record, rig, until } from '../../support/delivery-rig.ts';
import { FakeClock, turn } from '../../support/fake-clock.ts';
import { temporaryDirectory } from './places.ts';

type Resource = EmittedRecord['resource'];

interface Detection {
  readonly resource: Resource;
  readonly found: (host?: string) => Promise<void>;
}

/** A resource whose host is being looked up; `how` is what waiting for it does. */
function detection(how?: () => unknown): Detection {
  let resolve = (): void => {};
  const done = new Promise<void>((heard) => {
    resolve = heard;
  });
  const resource = {
    attributes: {} as Record<string, unknown>,
    asyncAttributesPending: true,
    waitForAsyncAttributes: how ?? (() => done),
  };
  const found = async (host = 'h1'): Promise<void> => {
    resource.attributes = { host };
    resource.asyncAttributesPending = false;
    resolve();
    await turn();
  };
  return { resource: resource as unknown as Resource, found };
}

const encode = ({ body, resource }: EmittedRecord): string =>
  JSON.stringify({ id: `${body}@${(resource.attributes as { host?: string }).host ?? '?'}` });

describe('records of a resource that is not known yet', () => {
  it('are settled when it is, once each', async () => {
    const clock = new FakeClock();
    const unresolved = new Unresolved(clock);
    const { resource, found } = detection();
    const settled: number[] = [];
    for (const id of [0, 1, 2]) unresolved.add(resource, () => settled.push(id));
    await clock.advance(9_999);
    expect([settled, unresolved.concerns(resource)]).toEqual([[], true]);
    await found();
    expect([settled, unresolved.concerns(resource)]).toEqual([[0, 1, 2], false]);
    unresolved.settleAll();
    await clock.advance(60_000);
    expect(settled).toEqual([0, 1, 2]);
  });

  it.each<[string, (() => unknown) | undefined]>([
    ['hangs', () => new Promise(() => {})],
    ['is not there', undefined],
    [
      'throws',
      () => {
        throw new Error('detector');
      },
    ],
    ['rejects', () => Promise.reject(new Error('detector'))],
    ['answers with something else', () => 5],
  ])('are settled within ten seconds when waiting for it %s, and nobody hears of an error', async (name, how) => {
    const errors: unknown[] = [];
    const listener = (error: unknown): void => void errors.push(error);
    process.on('unhandledRejection', listener);
    onTestFinished(() => void process.off('unhandledRejection', listener));
    const clock = new FakeClock();
    const unresolved = new Unresolved(clock);
    const { resource } = detection(how);
    if (name === 'is not there') delete (resource as { waitForAsyncAttributes?: unknown }).waitForAsyncAttributes;
    let settled = 0;
    unresolved.add(resource, () => {
      settled += 1;
    });
    await clock.advance(10_000);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect([settled, errors]).toEqual([1, []]);
  });

  it('are not waited for again once a detector has been given up', async () => {
    const clock = new FakeClock();
    const unresolved = new Unresolved(clock);
    const { resource, found } = detection();
    unresolved.add(resource, () => {});
    expect(unresolved.concerns(resource)).toBe(true);
    await clock.advance(10_000);
    expect(unresolved.concerns(resource)).toBe(false);
    await found();
    expect(unresolved.concerns(resource)).toBe(false);
    expect(unresolved.concerns(detection().resource)).toBe(true);
  });

  it('are no more than 2,048 at a time', async () => {
    const clock = new FakeClock();
    const unresolved = new Unresolved(clock);
    const resources = Array.from({ length: 4 }, () => detection());
    let settled = 0;
    for (let count = 0; count < 2_048; count += 1) {
      const { resource } = resources[count % 4] as Detection;
      expect(unresolved.concerns(resource)).toBe(true);
      unresolved.add(resource, () => {
        settled += 1;
      });
    }
    expect(unresolved.concerns(resources[0]?.resource)).toBe(false);
    await resources[1]?.found();
    expect([settled, unresolved.concerns(resources[0]?.resource)]).toEqual([512, true]);
    unresolved.settleAll();
    expect(settled).toBe(2_048);
  });

  it('are none when a resource is known, or missing', () => {
    const unresolved = new Unresolved(new FakeClock());
    expect(unresolved.concerns(undefined)).toBe(false);
    expect(unresolved.concerns({ attributes: {} } as unknown as Resource)).toBe(false);
  });
});

describe.each([true, false])('with delivery (spool: %s)', (spool) => {
  async function running(options: RigOptions = {}): Promise<Rig> {
    const delivery = spool ? { spool: { directory: temporaryDirectory() } } : {};
    return rig({ encode, ...options, delivery });
  }

  it('a flush waits for the final version, and tells so when it is not delivered', async () => {
    const it = await running();
    const { resource, found } = detection();
    it.destination.accept(record('held', { resource }));
    const flushed = it.destination.flush({ timeoutMillis: 5_000 });
    await it.pass(1_000);
    it.server.answer = () => 503;
    await found();
    await it.pass(10_000);
    // The first version has ended, but its record has not.
    expect(await flushed).toMatchObject({ complete: false, delivered: 0, pending: 1 });
    it.server.answer = () => 200;
    const again = it.destination.flush({ timeoutMillis: 60_000 });
    await it.pass(120_000);
    expect(await again).toMatchObject({ complete: true, pending: 0 });
    expect(it.server.stored).toEqual(['held@h1']);
    expectConserved(it.stats);
  });

  it('a flush that begins before it is known ends when the final version is delivered', async () => {
    const it = await running();
    const { resource, found } = detection();
    it.destination.accept(record('held', { resource }));
    let done = false;
    const flushed = it.destination.flush({ timeoutMillis: 5_000 }).finally(() => {
      done = true;
    });
    await it.pass(500);
    expect(done).toBe(false);
    await found();
    await it.pass(100);
    expect(await flushed).toMatchObject({ complete: true, delivered: 1, pending: 0 });
    expect(it.server.stored).toEqual(['held@h1']);
  });

  it('others are not held up, and shutdown sends what is known by then', async () => {
    const it = await running();
    const { resource } = detection();
    it.destination.accept(record('held', { resource }));
    it.destination.accept(record('other'));
    await it.pass(100);
    expect(it.server.stored).toEqual(['other@?']);
    const ended = it.destination.shutdown();
    await until(() => it.server.stored.length === 2);
    await it.clock.advance(5_000);
    await ended;
    expect(it.server.stored).toEqual(['other@?', 'held@?']);
    expectConserved(it.stats);
    expect(it.stats).toMatchObject({ accepted: 2, delivered: 2, pending: 0 });
  });

  it('a detector that hangs holds each record up once, not the stream for ever', async () => {
    const it = await running();
    const { resource } = detection();
    it.destination.accept(record('first', { resource }));
    await it.pass(10_100);
    it.destination.accept(record('second', { resource }));
    await it.pass(100);
    expect(it.server.stored).toEqual(['first@?', 'second@?']);
    expectConserved(it.stats);
  });
});
