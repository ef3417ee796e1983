import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DestinationStats } from '../../src/delivery/stats.ts';
import type { Sink, SinkFaults, SinkPlatform } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';

/** Short inside `npm test`; the full form is `OUTAGE_SECONDS=20 npx vitest run test/e2e/outage.test.ts`. */
const OUTAGE_SECONDS = Number(process.env.OUTAGE_SECONDS ?? 3);
const RATE = Number(process.env.OUTAGE_RATE ?? 2_000);
/** Emission goes on a little before and after the outage. */
const SECONDS = OUTAGE_SECONDS + 2;

const FAULTS: Readonly<Record<SinkPlatform, SinkFaults>> = {
  odysseus: { status: 503 },
  logtide: { status: 429, retryAfterSeconds: 2 },
  redarch: { reset: true },
  loggier: { hang: true },
  trakerr: { status: 401 },
};
const PLATFORMS = Object.keys(FAULTS) as SinkPlatform[];

interface Done {
  readonly kind: 'done';
  readonly emitted: number;
  readonly stats: readonly DestinationStats[];
  readonly rssMegabytes: number;
}

/** The number that the application gave a record, wherever the platform keeps attributes. */
function numberOf(platform: SinkPlatform, record: Readonly<Record<string, unknown>>): number {
  const message = platform === 'trakerr' ? record.eventMessage : record.message;
  return Number(String(message).replace('record ', ''));
}

describe(`an outage of ${OUTAGE_SECONDS} s at ${RATE} records/s, a different fault on each platform`, () => {
  let sink: Sink;
  let done: Done;

  beforeAll(async () => {
    sink = await startSink({ keepRecords: PLATFORMS.length * SECONDS * RATE + 1 });
    const app = fork(fileURLToPath(new URL('outage-app.mjs', import.meta.url)), {
      env: { ...process.env, ...sink.env(), OUTAGE_SECONDS: String(SECONDS), OUTAGE_RATE: String(RATE) },
    });
    const exit = once(app, 'exit');
    const result = new Promise<Done>((resolve) => {
      app.on('message', (message: { kind: string }) => {
        if (message.kind === 'started') {
          setTimeout(() => PLATFORMS.forEach((platform) => void sink.setFaults(FAULTS[platform], platform)), 1_000);
          setTimeout(
            () => PLATFORMS.forEach((platform) => void sink.setFaults({}, platform)),
            1_000 * (OUTAGE_SECONDS + 1),
          );
        }
        if (message.kind === 'done') resolve(message as Done);
      });
    });
    try {
      done = await Promise.race([
        result,
        exit.then(([code]) => {
          throw new Error(`the application ended with code ${code}`);
        }),
      ]);
      await exit;
    } finally {
      if (app.exitCode === null && app.pid !== undefined && app.signalCode === null) process.kill(app.pid, 'SIGKILL');
    }
    const rows = done.stats.map(({ platform, accepted, delivered, requests, retries, circuit }) => ({
      platform,
      accepted,
      delivered,
      requests,
      retries,
      trips: circuit.trips,
      stored: sink.records(platform as SinkPlatform).length,
    }));
    console.table(rows);
    console.info(`resident memory at the end: ${done.rssMegabytes} MB`);
  }, 400_000);

  afterAll(() => sink?.close());

  it.each(PLATFORMS)('%s lost nothing and its ledger is exact', (platform) => {
    const stats = done.stats.find((each) => each.platform === platform);
    expect(done.emitted).toBe(SECONDS * RATE);
    expect(stats).toMatchObject({ accepted: done.emitted, delivered: done.emitted, pending: 0, deadLettered: 0 });
    expect(Object.values(stats?.dropped ?? { none: 1 }).filter((count) => count !== 0)).toEqual([]);
    const seen = new Set(sink.records(platform).map(({ record }) => numberOf(platform, record)));
    expect(seen.size).toBe(done.emitted);
  });

  it.each(PLATFORMS)('%s met its fault', (platform) => {
    expect(sink.counts()[platform].faulted).toBeGreaterThan(0);
  });
});
