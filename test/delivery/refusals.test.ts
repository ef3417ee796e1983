import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/delivery/dead-letter.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { droppedOf, record, rig } from '../support/delivery-rig.ts';
import type { Seen } from '../support/http-server.ts';

const has = (seen: Seen, name: string): boolean => seen.ids.includes(name);
const sorted = (names: readonly string[]): string[] => names.toSorted();

describe('refused content (fault matrix rows 20–25)', () => {
  it('row 20: one poison record in 512 costs at most 20 requests and one dead letter', async () => {
    const letters: DeadLetter[] = [];
    const it = await rig({ delivery: { onDeadLetter: (letter) => letters.push(letter) } });
    it.server.answer = (seen) => (has(seen, 'r333') ? 400 : 200);
    const names = it.emit(512);
    await it.pass(1_000);
    expect(it.stats).toMatchObject({ delivered: 511, deadLettered: 1, pending: 0 });
    expect(it.stats.requests).toBeLessThanOrEqual(20);
    expect(sorted(it.server.stored)).toEqual(sorted(names.filter((name) => name !== 'r333')));
    expect(letters).toEqual([
      { platform: 'fake', record: { id: 'r333' }, reason: '400', atMillis: expect.any(Number) },
    ]);
    expect(it.stats.circuit).toEqual({ state: 'closed', trips: 0 });
    await it.expectAlive();
  });

  it('row 21: 400 for everything is held, and nothing is lost once the server is right again', async () => {
    const it = await rig({ concurrency: 4 });
    it.server.answer = () => 400;
    const names = it.emit(2_000);
    await it.pass(3_600_000);
    expect(it.stats.deadLettered).toBe(0);
    expect(it.stats.circuit).toMatchObject({ state: 'held', reason: 'every record is refused (400)' });
    expect(it.stats.requests).toBeLessThanOrEqual(60 + 4 * 12);
    it.server.answer = () => 200;
    await it.expectAlive();
    expect(sorted(it.server.stored.slice(0, 2_001).filter((name) => name.startsWith('r')))).toEqual(sorted(names));
  });

  it('row 21: also when the records come one by one', async () => {
    const it = await rig();
    it.server.answer = () => 400;
    for (let index = 0; index < 200; index++) {
      it.emit();
      await it.pass(30_000);
    }
    expect(it.stats.deadLettered).toBeLessThanOrEqual(2);
    expect(it.stats.circuit.state).toBe('held');
    it.server.answer = () => 200;
    await it.expectAlive();
    expect(it.stats.delivered + it.stats.deadLettered).toBe(201);
  });

  it('stays alive with nothing but poison in the queue', async () => {
    const it = await rig();
    it.server.answer = (seen) => (seen.ids.some((id) => id.startsWith('bad')) ? 400 : 200);
    it.emit(64, 'bad');
    await it.pass(600_000);
    expect(it.stats.pending + it.stats.deadLettered).toBe(64);
    await it.expectAlive();
    // Healthy records prove that the platform is not the culprit, and the poison goes.
    for (let index = 0; index < 60; index++) {
      it.emit(2);
      await it.pass(10_000);
    }
    expect(it.stats).toMatchObject({ delivered: 121, deadLettered: 64, pending: 0 });
  });

  it('row 22: learns a size limit by halving and does not ask again', async () => {
    const it = await rig({ encode: ({ body }) => JSON.stringify({ id: body, filler: 'x'.repeat(180) }) });
    let refused = 0;
    it.server.answer = ({ body }) => {
      if (body.length <= 20_000) return 200;
      refused += 1;
      return 413;
    };
    const names = it.emit(512);
    await it.pass(10_000);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    expect(refused).toBeLessThanOrEqual(Math.log2(512));
    const before = refused;
    const more = it.emit(512);
    await it.pass(10_000);
    expect(refused).toBe(before);
    expect(it.server.stored.slice(-512)).toEqual(more);
    await it.expectAlive();
  });

  it('row 22: small batches that are too large are halved as well', async () => {
    const it = await rig();
    it.server.answer = ({ ids }) => (ids.length > 3 ? 413 : 200);
    const names = it.emit(20);
    await it.pass(10_000);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    expect(it.stats.deadLettered).toBe(0);
    await it.expectAlive();
  });

  it('row 22: 413 for everything is held like 400 for everything', async () => {
    const it = await rig();
    it.server.answer = () => 413;
    it.emit(600);
    await it.pass(3_600_000);
    expect(it.stats.deadLettered).toBe(0);
    expect(it.stats.circuit.state).toBe('held');
    expect(it.stats.requests).toBeLessThanOrEqual(60 * 3 + 30);
    it.server.answer = () => 200;
    await it.expectAlive();
    await it.pass(60_000);
    expect(it.stats).toMatchObject({ delivered: 601, pending: 0 });
  });

  it('row 23: cuts a record that is too large alone', async () => {
    const it = await rig();
    it.server.answer = ({ body }) => (body.length > 20_000 ? 413 : 200);
    it.destination.accept(record('x'.repeat(50_000)));
    const names = it.emit(3);
    await it.pass(10_000);
    const cut = it.server.stored.find((id) => id.startsWith('xxx'));
    expect(cut?.endsWith('…')).toBe(true);
    expect(cut?.length).toBeLessThan(20_000);
    expect(it.server.stored).toEqual(expect.arrayContaining(names));
    expect(it.stats).toMatchObject({ delivered: 4, deadLettered: 0, pending: 0 });
    await it.expectAlive();
  });

  it('row 23: gives up a record that stays too large, and only that', async () => {
    const letters: DeadLetter[] = [];
    const it = await rig({ delivery: { onDeadLetter: (letter) => letters.push(letter) } });
    it.server.answer = (seen) => (seen.ids.some((id) => id.startsWith('huge')) ? 413 : 200);
    const names = it.emit(5);
    it.emit(1, 'huge');
    names.push(...it.emit(5));
    await it.pass(60_000);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    expect(it.stats).toMatchObject({ delivered: 10, deadLettered: 1, pending: 0 });
    expect(letters).toMatchObject([{ reason: '413' }]);
    await it.expectAlive();
  });

  it('goes on after 413 in the middle of an isolation', async () => {
    const it = await rig();
    it.server.answer = (seen) => {
      if (has(seen, 'r100')) return 400;
      return seen.ids.length > 30 ? 413 : 200;
    };
    const names = it.emit(128);
    it.server.answer = ((first) => (seen: Seen) => {
      if (seen.ids.length === 128) return 400;
      return first(seen, 0);
    })(it.server.answer);
    await it.pass(60_000);
    expect(sorted(it.server.stored)).toEqual(sorted(names.filter((name) => name !== 'r100')));
    expect(it.stats).toMatchObject({ delivered: 127, deadLettered: 1, pending: 0 });
    await it.expectAlive();
  });

  it.each(['delivered', 'refused'] as const)('takes only real indexes from a platform that %s some', async (kind) => {
    const indexes = [1, 1, 99, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY];
    let judged = 0;
    const it = await rig({
      judge: () => {
        judged += 1;
        if (judged > 1) return { kind: 'delivered' };
        if (kind === 'refused') return { kind, reason: 'no', indexes };
        return { kind, rejected: indexes.map((index) => ({ index, reason: 'no' })) };
      },
    });
    it.emit(5);
    await it.pass(1_000);
    expect(it.stats).toMatchObject({ accepted: 5, delivered: 4, deadLettered: 1, pending: 0 });
    await it.expectAlive();
  });

  it.each([429, 503, 401, 'reset'] as const)('loses nothing when isolation is interrupted by %s', async (fault) => {
    const it = await rig();
    let faults = 0;
    it.server.answer = (seen, number) => {
      if (number % 3 === 0 && faults < 20) {
        faults += 1;
        return fault;
      }
      return has(seen, 'r77') ? 400 : 200;
    };
    const names = it.emit(200);
    await it.pass(7_200_000);
    expect(new Set(it.server.stored)).toEqual(new Set(names.filter((name) => name !== 'r77')));
    expect(it.stats).toMatchObject({ delivered: 199, deadLettered: 1, pending: 0 });
    await it.expectAlive();
  });
});

const key = `lp_${'10ca1'.repeat(12)}10ca`;
const toLogTide = (origin: string): ReturnType<typeof logtide> => logtide({ url: origin, apiKey: key });
const stored = (received: number, more: object = {}): { status: number; body: string } => ({
  status: 200,
  body: JSON.stringify({ received, ...more }),
});

describe('LogTide answers (fault matrix rows 24, 25)', () => {
  it('row 24: dead-letters exactly the entries that the server rejected', async () => {
    const letters: DeadLetter[] = [];
    const it = await rig({ platform: toLogTide, delivery: { onDeadLetter: (letter) => letters.push(letter) } });
    it.server.answer = ({ ids }) => stored(ids.length - 2, { rejected: [{ index: 3, reason: 'bad' }, { index: 7 }] });
    it.emit(10);
    await it.idle();
    expect(it.stats).toMatchObject({ delivered: 8, deadLettered: 2, pending: 0, requests: 1 });
    expect(letters.map(({ record: { message }, reason }) => [message, reason]).toSorted()).toEqual([
      ['r4', 'bad'],
      ['r8', 'rejected'],
    ]);
    it.server.answer = ({ ids }) => stored(ids.length);
    await it.expectAlive();
  });

  it('row 24: is not confused by indexes that are no records of the request, nor by one named twice', async () => {
    const it = await rig({ platform: toLogTide });
    const rejected = [{ index: 1 }, { index: 1 }, { index: 99 }, { index: -1 }, { index: 0.5 }, { index: '2' }, null];
    it.server.answer = ({ ids }) => stored(ids.length - 1, { rejected });
    it.emit(10);
    await it.idle();
    expect(it.stats).toMatchObject({ delivered: 9, deadLettered: 1, pending: 0 });
    expect(droppedOf(it.stats)).toBe(0);
  });

  it('takes out the entries that a validation error names and sends the others', async () => {
    const it = await rig({ platform: toLogTide });
    it.server.answer = ({ ids }) => {
      const index = ids.indexOf('r5');
      if (index === -1) return stored(ids.length);
      const details = { logs: { [String(index)]: { message: 'bad' } } };
      return { status: 400, body: JSON.stringify({ error: 'Validation error', details }) };
    };
    it.emit(10);
    await it.pass(1_000);
    expect(it.stats).toMatchObject({ delivered: 9, deadLettered: 1, pending: 0, requests: 2 });
    await it.expectAlive();
  });

  it('row 25: a captive portal is no acknowledgement', async () => {
    const it = await rig({ platform: toLogTide });
    it.server.answer = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' });
    it.emit(5);
    await it.pass(600_000);
    expect(it.stats).toMatchObject({ delivered: 0, pending: 5, deadLettered: 0 });
    it.server.answer = ({ ids }) => stored(ids.length);
    await it.expectAlive();
  });

  it('sends again what was answered with "received: 0" once', async () => {
    const it = await rig({ platform: toLogTide });
    it.server.answer = ({ ids }, number) => stored(number === 1 ? 0 : ids.length);
    it.emit(5);
    await it.pass(2_000);
    expect(it.stats).toMatchObject({ delivered: 5, deadLettered: 0, requests: 2 });
    await it.expectAlive();
  });

  it('isolates the one record for which the server stores nothing', async () => {
    const it = await rig({ platform: toLogTide });
    it.server.answer = (seen) => stored(has(seen, 'r50') ? 0 : seen.ids.length);
    it.emit(100);
    await it.pass(60_000);
    expect(it.stats).toMatchObject({ delivered: 99, deadLettered: 1, pending: 0 });
    await it.expectAlive();
  });

  it('keeps everything while the server stores nothing at all', async () => {
    const it = await rig({ platform: toLogTide });
    it.server.answer = () => stored(0);
    it.emit(100);
    await it.pass(3_600_000);
    expect(it.stats).toMatchObject({ delivered: 0, deadLettered: 0, pending: 100 });
    it.server.answer = ({ ids }) => stored(ids.length);
    await it.expectAlive();
  });
});
