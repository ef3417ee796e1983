import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Destination } from '../../src/destination.ts';
import { DurableLogRecordProcessor } from '../../src/durable-processor.ts';
import { PlatformLogExporter } from '../../src/exporter.ts';
import { Levels } from '../../src/levels/levels.ts';
import type { DeliveryOptions } from '../../src/options.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { WriteThroughLogRecordProcessor } from '../../src/processor.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { fakeChannel, record } from '../support/delivery-rig.ts';

/** A platform that nobody answers for; what it takes is counted as accepted. */
function platform(name: string, hasEvents = false): Platform {
  const logs = fakeChannel('http://127.0.0.1:9');
  return { name, logs, events: hasEvents ? fakeChannel('http://127.0.0.1:9') : logs };
}

function destination(name: string, options: DeliveryOptions, levels?: Levels, hasEvents = false): Destination {
  const made = new Destination(platform(name, hasEvents), options, levels && { levels });
  onTestFinished(() => made.shutdown(0));
  return made;
}

const from = (name: string, severityNumber: number, more: Partial<EmittedRecord> = {}): EmittedRecord =>
  record('x', { severityNumber, instrumentationScope: { name }, ...more });

describe('a destination', () => {
  it('takes what its levels let pass, and nothing else is counted', () => {
    const made = destination('logtide', { minimumSeverity: 9, levels: { 'db.*': 'warn', x: 'trace' } });
    const taken = (...records: EmittedRecord[]): number => {
      const before = made.stats().accepted;
      for (const one of records) expect(made.accept(one)).toBe(true);
      return made.stats().accepted - before;
    };
    expect(taken(from('a', 8), from('a', 9))).toBe(1);
    expect(taken(from('db.pg', 12), from('db.pg', 13))).toBe(1);
    expect(taken(from('x', 1))).toBe(1);
    expect(taken(from('db.pg', 0), record('x', { instrumentationScope: { name: 'db.pg' } }))).toBe(1);
    expect(made.stats()).toMatchObject({ dropped: {}, deadLettered: 0 });
  });

  it('keeps whole scopes out, records without a severity and span events included', () => {
    const made = destination('logtide', { scopes: ['billing.*', '-billing.debug'] }, undefined, true);
    for (const scope of ['http', 'billing.debug']) {
      made.accept(from(scope, 24));
      made.accept(from(scope, 0));
      made.accept(from(scope, 9, { eventName: 'e' }));
      made.acceptSpanEvent(from(scope, 9, { eventName: 'e' }));
    }
    expect(made.stats().accepted).toBe(0);
    const asked = [made.takes(undefined, undefined, { name: 'http' }), made.takes(9, 'e', { name: 'http' })];
    expect(asked).toEqual([false, false]);
    made.accept(from('billing.x', 0));
    made.accept(from('billing.x', 1, { eventName: 'e' }));
    expect(made.stats().accepted).toBe(2);
  });

  it('events with a channel of their own know no level', () => {
    const made = destination('logtide', { levels: { '*': 'off' } }, undefined, true);
    made.accept(from('a', 1, { eventName: 'e' }));
    made.accept(from('a', 24));
    expect(made.stats().accepted).toBe(1);
    const one = destination('logtide', { levels: { '*': 'off' } });
    one.accept(from('a', 1, { eventName: 'e' }));
    expect(one.stats().accepted).toBe(0);
  });

  it.each<[DeliveryOptions, string]>([
    [{ levels: { a: 'loud' as 'warn' } }, "levels['a'] must be"],
    [{ levels: { '': 'warn' } }, 'levels must have patterns'],
    [{ levels: [] as never }, 'levels must be an object'],
    [{ levels: 'a=warn' as never }, 'levels must be an object'],
    [{ scopes: 'a' as never }, 'scopes must be a list'],
    [{ scopes: ['-'] }, 'scopes must be a list'],
    [{ scopes: [7 as never] }, 'scopes must be a list'],
  ])('refuses %j at construction', (options, message) => {
    expect(() => new Destination(platform('logtide'), options)).toThrow(message);
  });
});

describe('enabled()', () => {
  it('says for each scope whether any destination would take it', () => {
    const levels = new Levels({ minimumSeverity: 9, levels: { 'db.*': 'warn', 'x.*': 'trace' } });
    const processor = new WriteThroughLogRecordProcessor([
      destination('trakerr', { minimumSeverity: 17 }, levels),
      destination('logtide', { scopes: ['-kept.out'] }, levels),
    ]);
    const enabled = (name: string, severityNumber?: number) =>
      processor.enabled({ instrumentationScope: { name }, ...(severityNumber !== undefined && { severityNumber }) });
    expect([enabled('a', 8), enabled('a', 9)]).toEqual([false, true]);
    expect([enabled('db.pg', 12), enabled('db.pg', 13)]).toEqual([false, true]);
    expect([enabled('x.y', 1), enabled('kept.out', 9), enabled('kept.out', 17)]).toEqual([true, false, true]);
    expect(enabled('a')).toBe(true);
    // Older SDKs name no scope: no is said only where no scope at all would be taken.
    expect(processor.enabled({ severityNumber: 1 })).toBe(true);
    processor.setLevel('a', 'trace');
    expect(enabled('a', 1)).toBe(true);
  });

  it('is what loggers of the SDK ask', () => {
    const processor = new WriteThroughLogRecordProcessor([destination('logtide', { levels: { 'db.*': 'warn' } })]);
    const provider = new LoggerProvider({ processors: [processor] });
    const logger = provider.getLogger('db.pg');
    expect([logger.enabled({ severityNumber: 9 }), logger.enabled({ severityNumber: 13 })]).toEqual([false, true]);
    expect(processor.setLevel('db.*', 'debug')).toBe(true);
    expect([logger.enabled({ severityNumber: 9 }), logger.enabled({ severityNumber: 4 })]).toEqual([true, false]);
  });
});

describe('in code', () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'logferry-levels-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  it('DurableLogRecordProcessor: common levels for all, those of an entry for it alone, changed and read back', async () => {
    const durable = new DurableLogRecordProcessor(
      [platform('logtide'), { platform: platform('trakerr'), minimumSeverity: 13, levels: { 'billing.*': 'info' } }],
      { spool: { directory: folder() }, minimumSeverity: 9, levels: { 'db.*': 'debug' } },
    );
    onTestFinished(() => durable.shutdown());
    const takers = (name: string, severityNumber: number): number => {
      const before = durable.stats().map(({ accepted }) => accepted);
      durable.onEmit(from(name, severityNumber) as Parameters<typeof durable.onEmit>[0]);
      return durable.stats().filter(({ accepted }, index) => accepted > (before[index] as number)).length;
    };
    expect([takers('a', 8), takers('a', 9), takers('a', 13)]).toEqual([0, 1, 2]);
    expect([takers('db.x', 5), takers('billing.x', 9)]).toEqual([1, 2]);
    expect(durable.levels()).toEqual([
      { target: 'logtide', kind: 'destination', level: 'info', changed: false },
      { target: 'trakerr', kind: 'destination', level: 'warn', changed: false },
      { target: 'db.*', kind: 'scope', level: 'debug', changed: false },
    ]);
    // The common minimum is nobody's own: a pattern may let more pass.
    durable.setLevel('a', 'debug');
    expect(takers('a', 5)).toBe(1);
    durable.setLevel('a', undefined);
    expect([durable.setLevel('trakerr', 'trace'), durable.setLevel('db.*', 'off')]).toEqual([true, true]);
    expect([takers('a', 1), takers('db.x', 24)]).toEqual([1, 0]);
    expect(durable.enabled({ severityNumber: 24, instrumentationScope: { name: 'db.x' } })).toBe(false);
    expect(durable.levels().filter(({ changed }) => changed)).toEqual([
      { target: 'trakerr', kind: 'destination', level: 'trace', changed: true },
      { target: 'db.*', kind: 'scope', level: 'off', changed: true },
    ]);
    expect(durable.setLevel('a', 'loud' as 'warn')).toBe(false);
  });

  it('PlatformLogExporter: its options are where it starts, setLevel goes either way', async () => {
    const exporter = new PlatformLogExporter(platform('logtide'), { minimumSeverity: 13, levels: { 'x.*': 'trace' } });
    onTestFinished(() => exporter.shutdown());
    const takes = (name: string, severityNumber: number): boolean => {
      const before = exporter.stats().accepted;
      exporter.export([from(name, severityNumber) as Parameters<typeof exporter.export>[0][0]], () => {});
      return exporter.stats().accepted > before;
    };
    expect([takes('a', 9), takes('x.y', 1)]).toEqual([false, true]);
    expect(exporter.setLevel('a', 'debug')).toBe(true);
    expect(takes('a', 5)).toBe(true);
    exporter.setLevel('logtide', 'error');
    expect([takes('a', 13), takes('b', 17)]).toEqual([false, true]);
    expect(exporter.levels()).toEqual([
      { target: 'logtide', kind: 'destination', level: 'error', changed: true },
      { target: 'x.*', kind: 'scope', level: 'trace', changed: false },
      { target: 'a', kind: 'scope', level: 'debug', changed: true },
    ]);
    exporter.setLevel('logtide', undefined);
    exporter.setLevel('a', undefined);
    expect([takes('a', 9), takes('a', 13)]).toEqual([false, true]);
  });
});
