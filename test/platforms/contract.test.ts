import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import { frame } from '../../src/codec/framing.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { MemoryQueue } from '../../src/delivery/memory-queue.ts';
import type { Verdict } from '../../src/delivery/verdict.ts';
import { PlatformLogExporter } from '../../src/exporter.ts';
import type { Channel, Platform } from '../../src/platforms/platform.ts';
import { PLATFORMS, type PlatformName } from '../../src/platforms/registry.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { startSink } from '../../src/sink/sink.ts';
import type { Sink, SinkCredentials } from '../../src/sink/types.ts';
import { record } from '../support/delivery-rig.ts';

type Options = Readonly<Record<string, unknown>>;

/** How each platform is reached at a sink, its key given as it is or by a function. */
const OPTIONS: Readonly<
  Record<PlatformName, (url: string, keys: SinkCredentials, wrap: (key: string) => unknown) => Options>
> = {
  odysseus: (url, keys, wrap) => ({ url, appId: keys.odysseusAppId, appKey: wrap(keys.odysseusAppKey) }),
  logtide: (url, keys, wrap) => ({ url, apiKey: wrap(keys.logtideApiKey) }),
  redarch: (url, keys, wrap) => ({ url: `${url}/log`, apiKey: wrap(keys.redarchApiKey) }),
  loggier: (url, keys, wrap) => ({ url, apiKey: wrap(keys.loggierApiKey) }),
  trakerr: (url, keys, wrap) => ({ url: `${url}/api/v1`, apiKey: wrap(keys.trakerrApiKey) }),
};
const SECRETS: Readonly<Record<PlatformName, string>> = {
  odysseus: defaultCredentials.odysseusAppKey,
  logtide: defaultCredentials.logtideApiKey,
  redarch: defaultCredentials.redarchApiKey,
  loggier: defaultCredentials.loggierApiKey,
  trakerr: defaultCredentials.trakerrApiKey,
};

function batchOf(texts: readonly string[]): Batch {
  const queue = new MemoryQueue(new ByteBudget(256 * 1_048_576), () => {});
  for (const text of texts) queue.append(text);
  return queue.take({ maxRecords: texts.length, maxBytes: Number.MAX_SAFE_INTEGER }) as Batch;
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

function hostileValues(): Readonly<Record<string, unknown>> {
  const circular: Record<string, unknown> = { name: 'loop' };
  circular.self = circular;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const first = new Error('first');
  const second = new Error('second', { cause: first });
  first.cause = second;
  const self: Record<string, unknown> = {};
  self.toJSON = () => self;
  return {
    bigint: 2n ** 100n,
    nan: Number.NaN,
    infinity: Number.NEGATIVE_INFINITY,
    circular,
    deep: nested(1_000),
    abyss: nested(100_000),
    getter: {
      fine: 1,
      get bad() {
        throw new Error('getter');
      },
    },
    toJSON: {
      toJSON() {
        throw new Error('toJSON');
      },
    },
    toItself: self,
    revoked: proxy,
    surrogate: 'a\ud800b\udc00c',
    nul: 'a\u0000b',
    escape: '\u001b[31mred\u2028\ufeff\r\n{"fake":"line"}',
    proto: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    error: second,
    aggregate: new AggregateError([first, new TypeError('inner')], 'many'),
    map: new Map<unknown, unknown>([
      ['k', 1],
      [{ a: 1 }, 2],
    ]),
    set: new Set([1, 'two']),
    date: new Date(0),
    badDate: new Date(Number.NaN),
    buffer: Buffer.from('bytes'),
    regexp: /x/g,
    url: new URL('https://example.com'),
    bare: Object.create(null),
    symbol: Symbol('s'),
    fn: () => 1,
    nothing: undefined,
    empty: '',
    long: 'x'.repeat(200_000),
    list: Array.from({ length: 50_000 }, (_, index) => index),
  };
}

const EXPECTED: readonly (readonly [status: number, kinds: readonly Verdict['kind'][]])[] = [
  [400, ['refused']],
  [401, ['held', 'transient']],
  [403, ['held']],
  [404, ['held']],
  [408, ['transient']],
  [413, ['tooLarge']],
  [429, ['throttled']],
  [500, ['transient']],
  [503, ['transient']],
];

it('every platform of the registry is under contract', () => {
  expect(PLATFORMS.map(({ name }) => name).toSorted()).toEqual(Object.keys(OPTIONS).toSorted());
});

describe.each(PLATFORMS.map((entry) => [entry.name, entry] as const))('%s', (name, entry) => {
  let sink: Sink;
  let platform: Platform;
  let channels: readonly Channel[];
  const make = (wrap: (key: string) => unknown = (key) => key): Platform =>
    entry.create(OPTIONS[name](sink.url, sink.credentials, wrap));

  beforeAll(async () => {
    sink = await startSink();
    platform = make();
    channels = [...new Set([platform.logs, platform.events])];
  });
  afterAll(() => sink.close());

  /** Sends records through the whole chain and returns the counts of the sink. */
  async function deliver(
    records: readonly EmittedRecord[],
    to: Platform = platform,
  ): Promise<{ stored: number; stats: ReturnType<PlatformLogExporter['stats']> }> {
    sink.clear();
    const exporter = new PlatformLogExporter(to, { timeouts: { flushMillis: 20_000, shutdownMillis: 1_000 } });
    exporter.export(records as EmittedRecord[], () => {});
    await exporter.forceFlush();
    await exporter.shutdown();
    return { stored: sink.records(name).length, stats: exporter.stats() };
  }

  it('is called what the registry calls it, and reached at one origin', () => {
    expect(platform.name).toBe(name);
    for (const { endpoint } of channels) expect(endpoint.origin).toBe(sink.url);
  });

  it('frames 1, 2 and maxRecords records as valid JSON', () => {
    for (const { codec, endpoint } of channels) {
      const text = codec.encode(record('hello', { eventName: 'e' }));
      for (const count of new Set([1, Math.min(2, codec.maxRecords), codec.maxRecords])) {
        const body = frame(batchOf(Array(count).fill(text)), codec.framing(count)).toString('utf8');
        const parsed: unknown = JSON.parse(body);
        const inner = Array.isArray(parsed) ? parsed : (parsed as { logs?: unknown }).logs;
        expect(Array.isArray(inner) ? inner.length : 1).toBe(count);
        expect(body.split(text)).toHaveLength(count + 1);
        expect(endpoint.request(Buffer.from(body), count).headers['content-type']).toBe('application/json');
      }
    }
  });

  it('respects its limits on records and bytes for one request', async () => {
    const most = Math.max(...channels.map(({ codec }) => codec.maxBytes));
    const seen: { bytes: number; count: number }[] = [];
    const watching = await startSink({
      onRequest: ({ bytes, body }) => {
        const parsed = JSON.parse(body) as { logs?: unknown[] } | unknown[];
        seen.push({ bytes, count: Array.isArray(parsed) ? parsed.length : (parsed.logs?.length ?? 1) });
      },
    });
    const to = entry.create(OPTIONS[name](watching.url, watching.credentials, (key) => key));
    const exporter = new PlatformLogExporter(to, { timeouts: { flushMillis: 30_000 } });
    const attributes = { filler: 'é'.repeat(10_000) };
    const records = Array.from({ length: 150 }, (_, index) =>
      record(`r${index}`, index % 2 === 0 ? { attributes } : {}),
    );
    exporter.export(records, () => {});
    await exporter.forceFlush();
    expect(exporter.stats()).toMatchObject({ delivered: 150, deadLettered: 0 });
    await exporter.shutdown();
    await watching.close();
    expect(Math.max(...seen.map(({ bytes }) => bytes))).toBeLessThanOrEqual(most);
    expect(Math.max(...seen.map(({ count }) => count))).toBeLessThanOrEqual(platform.logs.codec.maxRecords);
    expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(150);
  });

  it('writes hostile values as records that the platform accepts, each where a value may stand', async () => {
    const values = hostileValues();
    const records = Object.entries(values).flatMap(([key, value]) => [
      record(value),
      record('attribute', { attributes: { [key]: value } as never }),
      record('element', { attributes: { list: [1, value, 3] } as never }),
      record('member', { attributes: { map: { [key]: value, other: 1 } } as never }),
      record('event', { eventName: 'e', attributes: { [key]: value } as never }),
    ]);
    for (const key of ['__proto__', 'constructor', 'a\u0000b', '\ud800', '', 'x'.repeat(100_000), '$where', 'a.b.c']) {
      records.push(
        record('key', {
          attributes: JSON.parse(JSON.stringify({ x: 1 }).replace('x', JSON.stringify(key).slice(1, -1))),
        }),
      );
    }
    const { stats } = await deliver(records);
    expect(stats).toMatchObject({ delivered: stats.accepted, deadLettered: 0, pending: 0 });
    expect(stats.accepted).toBeGreaterThanOrEqual(records.length);
    expect(sink.counts()[name].refused).toBe(0);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('bounds a record of 100 MB, of 100,000 attributes and of a million elements', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]));
    const records = [
      record('x'.repeat(100_000_000)),
      record('text', { attributes: { value: '€'.repeat(30_000_000) } }),
      record('attributes', { attributes }),
      record('elements', { attributes: { list: Array(1_000_000).fill(7) } }),
    ];
    for (const { codec } of channels) {
      for (const each of records) expect(Buffer.byteLength(codec.encode(each))).toBeLessThan(codec.maxBytes);
    }
    const { stats } = await deliver(records);
    expect(stats).toMatchObject({ accepted: 4, delivered: 4, deadLettered: 0 });
    expect(sink.counts()[name].refused).toBe(0);
  });

  it('keeps its credentials out of everything but requests', async () => {
    const secret = SECRETS[name];
    const exporter = new PlatformLogExporter(platform);
    const texts = channels.map(({ codec }) => codec.encode(record('hello')));
    const deep = { depth: 30, showHidden: true };
    const said = [
      ...texts,
      inspect(platform, deep),
      JSON.stringify(platform),
      inspect(exporter, deep),
      JSON.stringify(exporter),
      JSON.stringify(exporter.stats()),
    ];
    await exporter.shutdown();
    for (const bad of [`${secret}\n`, `${secret} ü`, '']) {
      try {
        make(() => bad);
      } catch (error) {
        said.push(inspect(error, deep));
      }
    }
    expect(said.join('\n')).not.toContain(secret);
    const body = Buffer.from(texts[0] ?? '');
    const { path, headers, body: sent } = platform.logs.endpoint.request(body, 1);
    // The scan can find something: the request does carry a credential, in one place or another.
    const whole = [path, ...Object.values(headers), Buffer.from(sent).toString()].join('\n');
    expect(whole.includes(secret) || /Bearer ey/.test(whole)).toBe(true);
  });

  it('builds each request anew, with the key as it is then', async () => {
    const right = SECRETS[name];
    let key = right.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const rotating = make(() => () => key);
    const text = rotating.logs.codec.encode(record('hello'));
    const build = (): ReturnType<Channel['endpoint']['request']> =>
      rotating.logs.endpoint.request(frame(batchOf([text]), rotating.logs.codec.framing(1)), 1);
    const send = async (): Promise<number> => {
      const { path, headers, body } = build();
      const { origin } = rotating.logs.endpoint;
      return (await fetch(origin + path, { method: 'POST', headers, body: Buffer.from(body) })).status;
    };
    expect(build().headers).not.toBe(build().headers);
    expect([400, 401]).toContain(await send());
    key = right;
    expect(await send()).toBe(200);
  });

  it('judges statuses by what they mean for the records', () => {
    for (const { endpoint, codec } of channels) {
      for (const [status, kinds] of EXPECTED) {
        for (const body of ['', '<html></html>', '{"error":"x"}', 'null']) {
          // RedArch takes a second 401 for what it is; the first may be a clock that is wrong.
          endpoint.judge({ status, headers: {}, body }, 1);
          const verdict = endpoint.judge({ status, headers: { 'retry-after': '5' }, body }, codec.maxRecords);
          expect({ status, kind: kinds.includes(verdict.kind) ? 'as expected' : verdict.kind }).toEqual({
            status,
            kind: 'as expected',
          });
          if (verdict.kind === 'throttled') expect(verdict.retryAfter).toBe('5');
        }
      }
    }
  });

  it('sends records with an event name to the events channel where there is one', async () => {
    const { stored } = await deliver([
      record('plain'),
      record('named', { eventName: 'order.placed', attributes: { id: 7 } }),
    ]);
    expect(stored).toBe(2);
    const channelsUsed = sink.records(name).map(({ channel }) => channel);
    expect(channelsUsed.toSorted()).toEqual(channels.length === 2 ? ['events', 'logs'] : ['logs', 'logs']);
  });
});
