import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from './message.mjs';
import { startOracle } from './oracle-process.mjs';

let oracle: Awaited<ReturnType<typeof startOracle>>;

beforeEach(async () => {
  oracle = await startOracle();
});
afterEach(() => oracle.stop());

async function post(body: unknown): Promise<number | 'cut'> {
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return (await fetch(`${oracle.url}/api/v1/ingest`, { method: 'POST', body: text })).status;
  } catch {
    return 'cut';
  }
}

const entries = (app: string, ...numbers: number[]): object[] =>
  numbers.map((n) => ({ service: 'chaos', message: messageOf(app, n) }));

describe('the oracle', () => {
  it('reads what each platform sends: arrays, {"logs":[…]} and single records', async () => {
    expect(await post({ logs: entries('a', 0, 1) })).toBe(200);
    expect(await post(entries('a', 2))).toBe(200);
    expect(await post({ eventType: 'x', eventMessage: messageOf('a', 3) })).toBe(200);
    expect(await post('not JSON')).toBe(400);
    expect(await oracle.report()).toMatchObject({ ids: 4, deliveries: 4, duplicates: 0, foreign: 0, wrong: 0 });
    expect(await oracle.report()).toMatchObject({ requests: 4, largestRequest: 2, apps: { a: 4 } });
  });

  it('keeps awkward texts apart from changed ones', async () => {
    await post(entries('a', ...Array.from({ length: 200 }, (_, n) => n)));
    expect(await oracle.report()).toMatchObject({ ids: 200, wrong: 0 });
    const changed = messageOf('a', 200).replace(/.$/s, '!');
    const swapped = messageOf('a', 201).replace('id=a-201', 'id=a-202');
    await post([{ message: changed }, { message: swapped }]);
    expect(await oracle.report()).toMatchObject({ ids: 200, deliveries: 200, wrong: 2 });
    const [checked] = await oracle.check({ prefix: 'a', count: 203 });
    expect(checked).toMatchObject({ missing: [200, 201, 202], missingCount: 3 });
  });

  it('tells what is missing and what came twice, for each application', async () => {
    await post({ logs: entries('a', 0, 1, 3, 3, 3) });
    await post({ logs: entries('b-1', 0, 1) });
    expect(
      await oracle.check([
        { prefix: 'a', count: 6 },
        { prefix: 'b-1', count: 2 },
        { prefix: 'silent', count: 3, limit: 1 },
      ]),
    ).toEqual([
      { prefix: 'a', missingCount: 3, missing: [2, 4, 5], duplicates: 2 },
      { prefix: 'b-1', missingCount: 0, missing: [], duplicates: 0 },
      { prefix: 'silent', missingCount: 3, missing: [0], duplicates: 0 },
    ]);
  });

  it('counts as foreign what nobody of ours sent', async () => {
    await post([{ message: 'no id' }, ...entries('other', 0), ...entries('mine1', 0)]);
    expect(await oracle.report('mine')).toMatchObject({ ids: 1, foreign: 2, apps: { mine1: 1 } });
  });

  it('refuses a request with a poison record as a whole', async () => {
    const poison = { message: messageOf('a', 1, true) };
    expect(await post({ logs: [...entries('a', 0), poison] })).toBe(400);
    expect(await post({ logs: entries('a', 0) })).toBe(200);
    expect(await oracle.report()).toMatchObject({ ids: 1, refusals: 1 });
  });
});

describe('its faults', () => {
  it('503: nothing is stored', async () => {
    await oracle.faults({ status503: 1 });
    expect(await post(entries('a', 0))).toBe(503);
    await oracle.faults({});
    expect(await post(entries('a', 1))).toBe(200);
    expect(await oracle.report()).toMatchObject({ ids: 1, answered503: 1 });
  });

  it('reset: stored, but the sender hears nothing', async () => {
    await oracle.faults({ reset: 1 });
    expect(await post(entries('a', 0, 1))).toBe('cut');
    expect(await oracle.report()).toMatchObject({ ids: 2, resets: 1, resetRecords: 2 });
  });

  it('delay: stored at once, answered later', async () => {
    await oracle.faults({ delayMillis: 60_000 });
    const cut = new AbortController();
    const answered = fetch(oracle.url, {
      method: 'POST',
      body: JSON.stringify(entries('a', 0)),
      signal: cut.signal,
    }).catch(() => 'no answer');
    while ((await oracle.report()).ids === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    cut.abort();
    expect(await answered).toBe('no answer');
  });

  it('refuse: no connection, until it listens again on the same port', async () => {
    await oracle.faults({ refuse: true });
    expect(await post(entries('a', 0))).toBe('cut');
    await oracle.faults({});
    expect(await post(entries('a', 1))).toBe(200);
    expect(await oracle.report()).toMatchObject({ ids: 1, apps: { a: 1 } });
  });

  it('happen as often as told, and the same way for the same seed', async () => {
    const statuses = async (seed: number): Promise<unknown[]> => {
      await oracle.faults({ status503: 0.3, seed });
      const all: unknown[] = [];
      for (let n = 0; n < 40; n += 1) all.push(await post(entries('a', n)));
      return all;
    };
    const first = await statuses(7);
    expect(await statuses(7)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
  });
});
