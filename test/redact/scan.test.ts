import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run as preview } from '../../src/cli/preview.ts';
import { run as spool } from '../../src/cli/spool.ts';
import { DurableLogRecordProcessor } from '../../src/durable-processor.ts';
import { PlatformLogExporter } from '../../src/exporter.ts';
import type { DeliveryOptions } from '../../src/options.ts';
import type { PlatformName } from '../../src/platforms/registry.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { startSink } from '../../src/sink/sink.ts';
import type { Sink } from '../../src/sink/types.ts';
import { until } from '../support/delivery-rig.ts';
import { PLATFORM_NAMES, platformAt } from '../support/platform-rig.ts';
import { record, SPAN_CONTEXT } from '../support/records.ts';
import { SecretScan } from '../support/secret-scan.ts';
import { OTHERS, PLANTS, SECRET, WORD } from './plants.ts';

/** Every kind of plant but the huge ones, which other tests have. */
const RECORDS = Object.entries(PLANTS)
  .filter(([place]) => !/^(?:too much|behind)/.test(place))
  .map(([, parts]) => record({ severityNumber: 17, spanContext: SPAN_CONTEXT, ...parts }));

const REFUSED = 'refuse me';
const POISON = record({ body: `${REFUSED} password=${WORD}`, attributes: { token: SECRET } });

function planted(): SecretScan {
  const scan = new SecretScan();
  scan.plant('the secret', SECRET);
  scan.plant('the word', WORD);
  for (const [name, text] of Object.entries(OTHERS)) scan.plant(name, text);
  return scan;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'redact-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Hears stdout, stderr and `diag`; commands wait until what they print is written. */
function listen(scan: SecretScan): void {
  scan.listen();
  for (const name of ['stdout', 'stderr'] as const) {
    const spy = vi.spyOn(process[name], 'write').mockImplementation((chunk, encoding, done) => {
      scan.hear(name, chunk);
      const callback = typeof encoding === 'function' ? encoding : done;
      callback?.();
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
}

interface Life {
  readonly scan: SecretScan;
  readonly sink: Sink;
  readonly directory: string;
}

/** An outage, refusals, and delivery in the end; everything said and left behind on the way is heard. */
async function live(name: PlatformName, options: DeliveryOptions = {}): Promise<Life> {
  const scan = planted();
  let isWell = false;
  const sink = await startSink({
    // One record that the platform refuses for good, once it is well.
    respond: ({ body }) => (isWell && body.includes(REFUSED) ? { status: 400, body: 'no' } : undefined),
  });
  onTestFinished(() => sink.close());
  const directory = folder();
  listen(scan);
  sink.setFaults({ status: 503 });
  const processor = new DurableLogRecordProcessor(platformAt(name, sink.url, sink.credentials), {
    ...options,
    spool: { directory, segmentBytes: 16_384 },
    circuitBreaker: { initialDelayMillis: 1, maxDelayMillis: 5, holdMillis: 5 },
    timeouts: { shutdownMillis: 5_000 },
    onDeadLetter: (letter) => scan.hear('a dead letter', letter),
  });
  for (const each of [...RECORDS, POISON]) processor.onEmit(each as never);
  await until(() => sink.counts()[name].faulted > 0, 'a failed request');
  scan.hearFolder('the spool in an outage', directory);
  expect(await spool(['ls', '--dir', directory])).toBe(0);
  expect(await spool(['show', '--dir', directory])).toBe(0);
  isWell = true;
  sink.setFaults({});
  await processor.forceFlush();
  scan.hear('the stats', processor.stats());
  scan.hear('the processor', processor);
  await processor.shutdown();
  expect(await spool(['show', '--dead', '--dir', directory])).toBe(0);
  scan.hearFolder('what is left', directory);
  for (const stored of sink.records(name)) scan.hear('the platform', stored.record);
  return { scan, sink, directory };
}

describe('a life with an outage and refusals', () => {
  it.each(PLATFORM_NAMES)(
    'row 86: %s: no planted secret is in spool, dead letters, output or on the wire',
    async (name) => {
      const { scan, sink } = await live(name);
      expect(scan.found()).toEqual([]);
      // There was something to look at, in all places.
      expect(sink.records(name).length).toBeGreaterThan(RECORDS.length / 2);
      for (const place of ['the spool in an outage', 'stdout', 'diag', 'the platform', 'a dead letter']) {
        expect([place, scan.count(place) > 0]).toEqual([place, true]);
      }
    },
  );

  it('row 86: the same life without redaction leaves them everywhere', async () => {
    const { scan } = await live('logtide', { redact: false });
    const places = new Set(
      scan.found().map((find) => find.replace(/^the (?:secret|word) in /, '').replace(/:.*$/, '')),
    );
    expect([...places]).toEqual(
      expect.arrayContaining(['the spool in an outage', 'stdout', 'a dead letter', 'what is left', 'the platform']),
    );
  });
});

describe('what else is said', () => {
  it.each(PLATFORM_NAMES)('%s: an exporter with a dead server and little memory says none', async (name) => {
    const scan = planted();
    listen(scan);
    const exporter = new PlatformLogExporter(platformAt(name, 'http://127.0.0.1:1', defaultCredentials), {
      queue: { maxBytes: 4_096 },
      timeouts: { flushMillis: 50, shutdownMillis: 50 },
    });
    exporter.export(RECORDS as never, (result) => scan.hear('the result', result));
    await exporter.forceFlush();
    scan.hear('the exporter', exporter);
    scan.hear('the stats', exporter.stats());
    await exporter.shutdown();
    expect(scan.count('diag')).toBeGreaterThan(0);
    expect(scan.found()).toEqual([]);
  });

  it('logferry preview shows payloads without them', async () => {
    const scan = planted();
    listen(scan);
    const path = join(folder(), 'record.json');
    const attributes = { password: SECRET, 'url.full': `https://x/?token=${WORD}`, a: { b: { apiKey: SECRET } } };
    writeFileSync(path, JSON.stringify({ body: `login password=${WORD}`, attributes }));
    for (const form of [[], ['--raw'], ['--json']]) expect(await preview(['--record', path, ...form])).toBe(0);
    expect(scan.count('stdout')).toBeGreaterThan(0);
    expect(scan.found()).toEqual([]);
  });
});
