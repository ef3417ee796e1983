import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Additions, additionsOf } from '../../src/additions.ts';
import { Destination } from '../../src/destination.ts';
import { PlatformLogExporter } from '../../src/exporter.ts';
import { WriteThroughLogRecordProcessor } from '../../src/processor.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { record } from '../support/delivery-rig.ts';
import { memberOf, PLATFORM_NAMES, platformAt } from '../support/platform-rig.ts';

function attributesAfter(options: ConstructorParameters<typeof Additions>[0], own: Record<string, unknown>) {
  return new Additions(options).to(record('x', { attributes: own as EmittedRecord['attributes'] })).attributes;
}

describe('attributes and tags of every record', () => {
  it('the attributes of the record win', () => {
    expect(attributesAfter({ attributes: { team: 'a', region: 'eu' } }, { team: 'b' })).toEqual({
      team: 'b',
      region: 'eu',
    });
  });

  it.each<[string, unknown, unknown[]]>([
    ['none', undefined, ['a', 'b']],
    ['a list', ['c', 'b', 'c'], ['a', 'b', 'c']],
    ['a text', 'c', ['a', 'b', 'c']],
    ['something else', 7, ['a', 'b']],
    ['a list of other things', [7, null, 'c'], ['a', 'b', '7', 'c']],
  ])('tags are merged, each once; of the record: %s', (_, own, tags) => {
    expect(attributesAfter({ tags: ['a', 'b', 'a'] }, own === undefined ? {} : { tags: own })).toEqual({ tags });
  });

  it('tags among the attributes are the ones of a record without', () => {
    expect(attributesAfter({ attributes: { tags: ['x'] }, tags: ['a'] }, {})).toEqual({ tags: ['a', 'x'] });
  });

  it('the record itself stays as it is, everything else of it is in the copy', () => {
    const own = record('x', { eventName: 'e', droppedAttributesCount: 3 });
    const copy = new Additions({ attributes: { team: 'a' } }).to(own);
    expect(copy).toMatchObject({ ...own, attributes: { team: 'a' } });
    expect(own.attributes).toEqual({});
  });

  it('a record that cannot be read is passed on as it is', () => {
    const hostile = record('x');
    const attributes = new Proxy({}, { ownKeys: () => { throw new Error('no'); } }); // biome-ignore format: one line
    const broken = { ...hostile, attributes };
    expect(new Additions({ tags: ['a'] }).to(broken)).toBe(broken);
  });

  it('bad ones are refused, none is nothing to do', () => {
    for (const attributes of [5, 'text', [], null]) {
      expect(() => new Additions({ attributes: attributes as never })).toThrow(/attributes must be an object/);
    }
    for (const tags of ['a', [''], [7], {}]) {
      expect(() => new Additions({ tags: tags as never })).toThrow(/tags must be a list/);
    }
    expect([additionsOf({}), additionsOf({ attributes: {}, tags: [] })]).toEqual([undefined, undefined]);
    expect(additionsOf({ tags: ['a'] })).toBeInstanceOf(Additions);
  });
});

describe('on the platforms', () => {
  let sink: Sink;
  beforeAll(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.clear());
  afterAll(() => sink.close());

  /** What each platform stores of one record that is logged through the SDK. */
  async function logged(name: (typeof PLATFORM_NAMES)[number]): Promise<unknown> {
    const destination = new Destination(platformAt(name, sink.url, sink.credentials));
    const processor = new WriteThroughLogRecordProcessor([destination], {
      additions: new Additions({ attributes: { team: 'checkout', region: 'eu' }, tags: ['blue', 'green'] }),
    });
    const provider = new LoggerProvider({ processors: [processor] });
    onTestFinished(() => provider.shutdown());
    const logger = provider.getLogger('shop');
    logger.emit({ body: 'hello', severityNumber: 9, attributes: { region: 'us', tags: ['green', 'red'] } });
    await provider.forceFlush();
    return sink.records(name)[0]?.record;
  }

  it.each(PLATFORM_NAMES)('%s shows attributes, the record winning', async (name) => {
    const stored = await logged(name);
    expect(memberOf(stored, 'team')).toBe('checkout');
    expect(memberOf(stored, 'region')).toBe('us');
  });

  it.each([
    ['loggier', (stored: Record<string, unknown>) => stored.tags],
    ['trakerr', (stored: Record<string, unknown>) => (stored.contextTags as string[]).filter((tag) => tag !== 'shop')],
    ['logtide', (stored: Record<string, unknown>) => (stored.metadata as Record<string, unknown>).tags],
    ['odysseus', (stored: Record<string, unknown>) => memberOf(stored, 'tags')],
    ['redarch', (stored: Record<string, unknown>) => memberOf(stored, 'tags')],
  ] as const)('%s shows tags where it has a place for them', async (name, tagsOf) => {
    expect(tagsOf((await logged(name)) as Record<string, unknown>)).toEqual(['blue', 'green', 'red']);
  });

  it('span events get them too, by exporter and by processor', async () => {
    const tags = ['blue'];
    const exporter = new PlatformLogExporter(platformAt('logtide', sink.url, sink.credentials), { tags });
    onTestFinished(() => exporter.shutdown());
    const destination = new Destination(platformAt('logtide', sink.url, sink.credentials));
    const processor = new WriteThroughLogRecordProcessor([destination], { additions: new Additions({ tags }) });
    onTestFinished(() => processor.shutdown());
    for (const target of [exporter, processor]) {
      target.emitSpanEvent(record(undefined, { eventName: 'cart.loaded' }));
      await target.forceFlush();
      expect(memberOf(sink.records('logtide')[0]?.record, 'tags')).toEqual(tags);
      sink.clear();
    }
  });

  it('the exporter takes them as options, and so that other processors see what was emitted', async () => {
    const exporter = new PlatformLogExporter(platformAt('logtide', sink.url, sink.credentials), {
      attributes: { team: 'checkout' },
      tags: ['blue'],
    });
    const seen: unknown[] = [];
    const watching = {
      onEmit: (one: EmittedRecord) => void seen.push({ ...one.attributes }),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter }), watching] });
    onTestFinished(() => provider.shutdown());
    provider.getLogger('shop').emit({ body: 'hello', severityNumber: 9, attributes: { own: 1 } });
    await exporter.forceFlush();
    const stored = sink.records('logtide')[0]?.record as { metadata: unknown };
    expect(stored.metadata).toMatchObject({ team: 'checkout', tags: ['blue'], own: 1 });
    expect(seen).toEqual([{ own: 1 }]);
    expect(() => new PlatformLogExporter(platformAt('logtide', sink.url, sink.credentials), { tags: [''] })).toThrow(
      /tags/,
    );
  });
});
