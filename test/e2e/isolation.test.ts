import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loggier, logtide, odysseus, PlatformLogExporter, redarch, trakerr } from '../../src/index.ts';
import type { Sink } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';

const RECORDS = 2_000;

describe('one hanging platform', () => {
  let sink: Sink;

  beforeAll(async () => {
    sink = await startSink();
  });

  afterAll(() => sink.close());

  function exporters(): readonly PlatformLogExporter[] {
    const { credentials, url } = sink;
    return [
      odysseus({ appId: credentials.odysseusAppId, appKey: credentials.odysseusAppKey, url }),
      logtide({ url, apiKey: credentials.logtideApiKey }),
      redarch({ url: `${url}/log`, apiKey: credentials.redarchApiKey }),
      loggier({ url, apiKey: credentials.loggierApiKey }),
      trakerr({ url: `${url}/api/v1`, apiKey: credentials.trakerrApiKey }),
    ].map((platform) => new PlatformLogExporter(platform, { timeouts: { shutdownMillis: 0 } }));
  }

  /** Emits to all five, waits for the other four, and tells how long that took. */
  async function deliverToOthers(): Promise<{ millis: number; all: readonly PlatformLogExporter[] }> {
    const all = exporters();
    const provider = new LoggerProvider({
      processors: all.map((exporter) => new SimpleLogRecordProcessor({ exporter })),
    });
    const logger = provider.getLogger('isolation');
    const begun = performance.now();
    for (let index = 0; index < RECORDS; index++) logger.emit({ body: `record ${index}`, severityNumber: 9 });
    await Promise.all(all.map((exporter) => (exporter.stats().platform === 'logtide' ? null : exporter.forceFlush())));
    return { millis: performance.now() - begun, all };
  }

  it('does not keep the other four from delivering everything', async () => {
    // The first round also pays for compilation and connections.
    const first = await deliverToOthers();
    const healthy = await deliverToOthers();
    sink.setFaults({ hang: true }, 'logtide');
    const impaired = await deliverToOthers();
    console.info(
      `${RECORDS} records to four platforms: ${healthy.millis.toFixed(0)} ms with all five healthy, ` +
        `${impaired.millis.toFixed(0)} ms while the fifth hangs`,
    );
    for (const exporter of impaired.all) {
      const { platform, delivered, pending, accepted } = exporter.stats();
      expect(accepted).toBe(RECORDS);
      expect({ platform, delivered, pending }).toEqual(
        platform === 'logtide'
          ? { platform, delivered: 0, pending: RECORDS }
          : { platform, delivered: RECORDS, pending: 0 },
      );
    }
    await Promise.all([...first.all, ...healthy.all, ...impaired.all].map((exporter) => exporter.shutdown()));
  });
});
