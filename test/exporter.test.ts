import { BatchLogRecordProcessor, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Destination } from '../src/destination.ts';
import { PlatformLogExporter } from '../src/exporter.ts';
import type { DeliveryOptions } from '../src/options.ts';
import { WriteThroughLogRecordProcessor } from '../src/processor.ts';
import { SDK_VERSION } from '../src/version.ts';
import { expectConserved, fakePlatform, record, serve, until } from './support/delivery-rig.ts';
import type { TestServer } from './support/http-server.ts';

interface Fixture {
  readonly server: TestServer;
  readonly exporter: PlatformLogExporter;
}

async function fixture(options: DeliveryOptions = {}): Promise<Fixture> {
  const server = await serve();
  const exporter = new PlatformLogExporter(fakePlatform(server.origin, { concurrency: 4 }), {
    timeouts: { flushMillis: 500, shutdownMillis: 200 },
    ...options,
  });
  onTestFinished(() => exporter.shutdown());
  return { server, exporter };
}

/** Exports and returns the results that came before `export()` returned. */
function exported(exporter: PlatformLogExporter, ...bodies: readonly string[]): readonly { code: number }[] {
  const results: { code: number }[] = [];
  exporter.export(
    bodies.map((body) => record(body)),
    (result) => results.push(result),
  );
  return results;
}

describe('PlatformLogExporter.export', () => {
  it('calls back exactly once, before it returns', async () => {
    const { exporter } = await fixture({ timeouts: { flushMillis: 20_000 } });
    expect(exported(exporter, 'a', 'b')).toEqual([{ code: 0 }]);
    expect(exported(exporter)).toEqual([{ code: 0 }]);
    await exporter.forceFlush();
    expect(exporter.stats()).toMatchObject({ accepted: 2, delivered: 2 });
  });

  it('may be called again before the records of the last call are delivered', async () => {
    const { server, exporter } = await fixture({ timeouts: { flushMillis: 20_000 } });
    const bodies = Array.from({ length: 200 }, (_, index) => `r${index}`);
    for (const body of bodies) expect(exported(exporter, body)).toEqual([{ code: 0 }]);
    expect(exporter.stats().delivered).toBe(0);
    await exporter.forceFlush();
    expect(server.stored.toSorted()).toEqual(bodies.toSorted());
  });

  it('survives a callback that throws (row 75)', async () => {
    const { exporter } = await fixture();
    let calls = 0;
    exporter.export([record('a')], () => {
      calls += 1;
      throw new Error('from the processor');
    });
    expect(calls).toBe(1);
    await exporter.forceFlush();
    expect(exporter.stats().delivered).toBe(1);
  });

  it('answers FAILED after shutdown, and counts (row 57)', async () => {
    const { exporter } = await fixture();
    await exporter.shutdown();
    expect(exported(exporter, 'a', 'b')).toMatchObject([{ code: 1, error: { name: 'not_kept' } }]);
    expect(exported(exporter)).toMatchObject([{ code: 1 }]);
    expect(exporter.stats()).toMatchObject({ accepted: 2, dropped: { after_shutdown: 2 } });
    await exporter.forceFlush();
    await exporter.shutdown();
  });

  it('answers FAILED only when none of the records could be kept', async () => {
    const { exporter } = await fixture({ queue: { maxBytes: 1_024 } });
    const huge = 'x'.repeat(2_000);
    expect(exported(exporter, huge)).toMatchObject([{ code: 1 }]);
    expect(exported(exporter, huge, 'small')).toMatchObject([{ code: 0 }]);
  });

  it('takes no records below minimumSeverity, and reports success', async () => {
    const { server, exporter } = await fixture({ minimumSeverity: 13 });
    const severities = [undefined, 0, 1, 9, 12, 13, 17, 24];
    let code = -1;
    exporter.export(
      severities.map((severityNumber) => record(`s${severityNumber}`, { severityNumber } as object)),
      (result) => {
        code = result.code;
      },
    );
    expect(code).toBe(0);
    await exporter.forceFlush();
    expect(server.stored).toEqual(['sundefined', 's0', 's13', 's17', 's24']);
    expect(exporter.stats().accepted).toBe(5);
  });

  it('never rejects from forceFlush and shutdown, whatever the server does', async () => {
    for (const answer of ['hang', 'reset', 400, 500] as const) {
      const { server, exporter } = await fixture();
      server.answer = () => answer;
      exported(exporter, 'a', 'b');
      await expect(exporter.forceFlush()).resolves.toBeUndefined();
      await expect(Promise.all([exporter.shutdown(), exporter.shutdown()])).resolves.toBeDefined();
      expectConserved(exporter.stats());
      expect(exporter.stats().pending).toBe(0);
    }
  });
});

describe('behind BatchLogRecordProcessor', () => {
  function behind(exporter: PlatformLogExporter, scheduledDelayMillis = 20): LoggerProvider {
    const processor = new BatchLogRecordProcessor({ exporter, scheduledDelayMillis, exportTimeoutMillis: 1_000 });
    return new LoggerProvider({ processors: [processor] });
  }

  it('delivers what is emitted', async () => {
    const { server, exporter } = await fixture();
    const provider = behind(exporter);
    const bodies = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
    for (const body of bodies) provider.getLogger('x').emit({ body });
    await provider.forceFlush();
    expect(server.stored.toSorted()).toEqual(bodies.toSorted());
    await provider.shutdown();
    expect(exporter.stats()).toMatchObject({ accepted: 1_000, delivered: 1_000 });
  });

  it('is not wedged by a hanging server: the processor drains, and delivery resumes', async () => {
    const { server, exporter } = await fixture({ http: { timeoutMillis: 300 } });
    const provider = behind(exporter);
    const logger = provider.getLogger('x');
    server.answer = () => 'hang';
    // Five rounds of 2,000 are more than the processor's queue of 2,048 could hold if it waited for the server.
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 2_000; index++) logger.emit({ body: `r${round}-${index}` });
      await until(() => exporter.stats().accepted === (round + 1) * 2_000, 'the hand-over');
    }
    await provider.forceFlush();
    expect(exporter.stats().delivered).toBe(0);
    server.answer = () => 200;
    await until(() => exporter.stats().delivered === 10_000, 'delivery');
    expect(new Set(server.stored).size).toBe(10_000);
    expectConserved(exporter.stats());
    await provider.shutdown();
  });

  it('row 60: loses nothing of a burst that fits the queue of the processor', async () => {
    const { server, exporter } = await fixture({ timeouts: { flushMillis: 20_000 } });
    const provider = behind(exporter, 1_000);
    for (let index = 0; index < 2_048; index++) provider.getLogger('x').emit({ body: `r${index}` });
    await provider.forceFlush();
    expect(new Set(server.stored).size).toBe(2_048);
    await provider.shutdown();
  });

  it('works behind SimpleLogRecordProcessor, where a burst of any size fits', async () => {
    const { server, exporter } = await fixture({ timeouts: { flushMillis: 20_000 } });
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    for (let index = 0; index < 20_000; index++) provider.getLogger('x').emit({ body: `r${index}` });
    // This processor's own flush does not reach the exporter.
    await exporter.forceFlush();
    expect(new Set(server.stored).size).toBe(20_000);
    await provider.shutdown();
    expect(exported(exporter, 'late')).toMatchObject([{ code: 1 }]);
  });
});

describe('WriteThroughLogRecordProcessor', () => {
  it('hands a record to each destination at once, by its own level', async () => {
    const [first, second] = [await serve(), await serve()];
    const destinations = [
      new Destination(fakePlatform(first.origin)),
      new Destination(fakePlatform(second.origin), { minimumSeverity: 17 }),
    ];
    const processor = new WriteThroughLogRecordProcessor(destinations);
    const provider = new LoggerProvider({ processors: [processor] });
    onTestFinished(() => provider.shutdown());
    provider.getLogger('x').emit({ body: 'info', severityNumber: 9 });
    provider.getLogger('x').emit({ body: 'error', severityNumber: 17 });
    expect(processor.stats().map(({ accepted }) => accepted)).toEqual([2, 1]);
    await provider.forceFlush();
    expect(first.stored).toEqual(['info', 'error']);
    expect(second.stored).toEqual(['error']);
  });
});

describe('metrics', () => {
  it('follow the semantic conventions for exporters', async () => {
    const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    onTestFinished(() => meterProvider.shutdown());
    const { server, exporter } = await fixture({ meterProvider, queue: { maxBytes: 1_024 } });
    server.answer = ({ ids }) => (ids.includes('poison') ? 400 : 200);
    exported(exporter, 'a', 'b', 'poison', 'c', 'x'.repeat(2_000));
    await exporter.forceFlush();
    await exporter.shutdown();
    exported(exporter, 'late');
    await meterProvider.forceFlush();

    const { scopeMetrics } = memory.getMetrics().at(-1) ?? { scopeMetrics: [] };
    expect(scopeMetrics.map(({ scope }) => [scope.name, scope.version])).toEqual([['logferry', SDK_VERSION]]);
    const metrics = scopeMetrics[0]?.metrics ?? [];
    const byName = (name: string): (typeof metrics)[number] | undefined =>
      metrics.find(({ descriptor }) => descriptor.name === name);
    expect(metrics.map(({ descriptor: { name, unit } }) => [name, unit]).toSorted()).toEqual([
      ['otel.sdk.exporter.log.exported', '{log_record}'],
      ['otel.sdk.exporter.log.inflight', '{log_record}'],
      ['otel.sdk.exporter.operation.duration', 's'],
    ]);
    const common = {
      'otel.component.type': 'logferry_fake_exporter',
      'otel.component.name': 'logferry_fake_exporter/0',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    };
    const inflight = byName('otel.sdk.exporter.log.inflight')?.dataPoints;
    expect(inflight).toMatchObject([{ value: 0, attributes: common }]);
    const counts = byName('otel.sdk.exporter.log.exported')?.dataPoints.map(({ value, attributes }) => {
      expect(attributes).toMatchObject(common);
      return [attributes['error.type'], value];
    });
    expect(new Map(counts as [unknown, unknown][])).toEqual(
      new Map<unknown, unknown>([
        [undefined, 3],
        ['rejected', 1],
        ['overflow', 1],
        ['after_shutdown', 1],
      ]),
    );
    const durations = byName('otel.sdk.exporter.operation.duration')?.dataPoints ?? [];
    const requests = durations.map(({ value, attributes }) => [
      attributes['http.response.status_code'],
      attributes['error.type'],
      (value as { count: number }).count,
    ]);
    expect(new Map(requests.map(([status, error]) => [status, error]))).toEqual(
      new Map<unknown, unknown>([
        [200, undefined],
        [400, '400'],
      ]),
    );
    expect(requests.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(exporter.stats().requests);
  });

  it('never disturb delivery, even when the meter throws', async () => {
    const broken = {
      getMeter: (): never => {
        throw new Error('no meter');
      },
    };
    const { server, exporter } = await fixture({ meterProvider: broken });
    exported(exporter, 'a');
    await exporter.forceFlush();
    expect(server.stored).toEqual(['a']);
  });
});
