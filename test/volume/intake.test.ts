import { describe, expect, it, onTestFinished } from 'vitest';
import type { BeforeSend, SendableRecord } from '../../src/before-send.ts';
import type { Drop } from '../../src/delivery/listeners.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { expectConserved, record, rig } from '../support/delivery-rig.ts';

const text = ({ body, attributes, severityNumber }: EmittedRecord): string =>
  JSON.stringify({ id: body, severityNumber, attributes });

/** A rig whose server keeps what the encoded records said. */
async function hooked(beforeSend: BeforeSend, more = {}) {
  const encoded: EmittedRecord[] = [];
  const encode = (each: EmittedRecord): string => {
    encoded.push(each);
    return text(each);
  };
  const it = await rig({ encode, delivery: { beforeSend, ...more } });
  return { it, encoded };
}

describe('beforeSend', () => {
  it('changes what is sent and nothing else', async () => {
    const { it, encoded } = await hooked((each) => {
      each.body = `${each.body}!`;
      each.attributes.added = true;
      each.severityNumber = 17;
      return each;
    });
    const original = record('hello', { attributes: { own: 1 } });
    it.destination.accept(original);
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['hello!']);
    expect(encoded[0]).toMatchObject({ severityNumber: 17, attributes: { own: 1, added: true } });
    expect(original).toEqual(record('hello', { attributes: { own: 1 } }));
    expectConserved(it.stats);
  });

  it('drops with null, counted beside what was accepted', async () => {
    const { it } = await hooked((each) => (each.body === 'r2' ? null : each));
    it.emit(3);
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['r1', 'r3']);
    expect(it.stats).toMatchObject({ accepted: 2, delivered: 2, leftOut: { hook: 1, sampled: 0 } });
    expectConserved(it.stats);
  });

  it('is told the destination', async () => {
    const names: string[] = [];
    const { it } = await hooked((each, destination) => {
      names.push(destination);
      return each;
    });
    it.emit(1);
    expect(names).toEqual(['fake']);
  });

  it.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('from the application');
      },
    ],
    ['returns undefined', () => undefined],
    ['returns text', () => 'text'],
    ['returns half a record', (each: SendableRecord) => ({ body: each.body })],
    ['returns a promise', async (each: SendableRecord) => each],
    [
      'returns a promise that is rejected',
      async () => {
        throw new Error('from the application');
      },
    ],
    [
      'spoils its copy and throws',
      (each: SendableRecord) => {
        each.body = 'spoilt';
        throw new Error('from the application');
      },
    ],
  ])('that %s leaves the record as it was', async (_, beforeSend) => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', listen);
    onTestFinished(() => void process.off('unhandledRejection', listen));
    const { it } = await hooked(beforeSend as BeforeSend);
    it.emit(2);
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['r1', 'r2']);
    expect(rejections).toEqual([]);
    expectConserved(it.stats);
  });

  it('may log into the same destination', async () => {
    const { it } = await hooked((each) => {
      it.destination.accept(record(`about ${String(each.body)}`));
      return each;
    });
    it.emit(2);
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['about r1', 'r1', 'about r2', 'r2']);
  });

  it('sees what volume control has added, and its summaries', async () => {
    const seen: unknown[] = [];
    const { it } = await hooked(
      (each) => {
        seen.push(each.attributes['logferry.repeats'] ?? each.body);
        return each;
      },
      { volume: { repeats: true } },
    );
    for (let n = 0; n < 3; n += 1) it.destination.accept(record('same'));
    await it.pass(10_000);
    expect(seen).toEqual(['same', 2]);
  });
});

describe('volume control of a destination', () => {
  it('leaves out, counts and keeps the law', async () => {
    const it = await rig({ delivery: { volume: { sample: [{ ratio: 0 }], repeats: true } } });
    it.emit(5);
    for (let n = 0; n < 4; n += 1) it.destination.accept(record('boom', { severityNumber: 17 }));
    await it.pass(10_000);
    expect(it.server.stored).toEqual(['boom', 'boom']);
    expect(it.stats).toMatchObject({ accepted: 2, leftOut: { sampled: 5, repeated: 2, burst: 0, hook: 0 } });
    expectConserved(it.stats);
  });

  it('sends what it holds before a flush and the end', async () => {
    const it = await rig({ delivery: { volume: { repeats: true } } });
    for (let n = 0; n < 3; n += 1) it.destination.accept(record('same'));
    await it.destination.flush();
    expect(it.server.stored).toEqual(['same', 'same']);
    for (let n = 0; n < 2; n += 1) it.destination.accept(record('late'));
    await it.destination.shutdown();
    expect(it.server.stored).toEqual(['same', 'same', 'late', 'late']);
  });

  it('attaches records below the level to the error of their trace, and sends none of them', async () => {
    const encoded: EmittedRecord[] = [];
    const encode = (each: EmittedRecord): string => {
      encoded.push(each);
      return text(each);
    };
    const it = await rig({ encode, delivery: { minimumSeverity: 13, volume: { breadcrumbs: true } } });
    const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    expect(it.destination.takes(5)).toBe(true);
    it.destination.accept(record('query', { severityNumber: 5, spanContext }));
    it.destination.accept(record('failed', { severityNumber: 17, spanContext }));
    await it.pass(1_000);
    expect(it.server.stored).toEqual(['failed']);
    expect(encoded[0]?.attributes['logferry.breadcrumbs']).toMatchObject([{ level: 'debug', message: 'query' }]);
  });
});

describe('onDrop', () => {
  it('hears of many drops together, by reason, and they are all', async () => {
    const drops: Drop[] = [];
    const it = await rig({ delivery: { queue: { maxBytes: 1_024 }, onDrop: (drop) => drops.push(drop) } });
    await it.server.pause();
    it.emit(500);
    expect(drops).toEqual([]);
    await it.clock.advance(250);
    expect(drops).toEqual([{ platform: 'fake', reason: 'overflow', count: it.stats.dropped.overflow }]);
    await it.destination.shutdown(0);
    const total = Object.values(it.stats.dropped).reduce((sum, count) => sum + count, 0);
    expect(drops.reduce((sum, { count }) => sum + count, 0)).toBe(total);
    expect(drops.at(-1)?.reason).toBe('shutdown');
  });

  it('that throws disturbs nothing', async () => {
    const it = await rig({
      delivery: {
        queue: { maxBytes: 1_024 },
        onDrop: () => {
          throw new Error('from the application');
        },
      },
    });
    await it.server.pause();
    it.emit(500);
    await it.server.open();
    await it.expectAlive();
  });
});
