import { describe, expect, it } from 'vitest';
import type { Sink } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';
import { runNode } from './run-example.ts';

const PLATFORMS = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];
const DEMO_MILLIS = 120_000;

/** The parts of `demo.mjs --json` that are compared. */
interface Result {
  readonly ok: boolean;
  readonly requests: { readonly sent: number; readonly asExpected: number };
  readonly errors: { readonly thrown: number };
  readonly platforms: readonly Row[];
  readonly samples: { readonly order: Record<string, object>; readonly event: object; readonly error: object };
  readonly timeline: readonly { readonly what: string }[];
}

interface Row {
  readonly platform: string;
  readonly emitted: number;
  readonly trips: number;
  readonly ok: boolean;
}

interface End {
  readonly emitted: number;
  readonly failures: number;
  readonly stats: readonly object[];
}

describe('examples/demo', () => {
  it.concurrent('loses nothing in an outage of all platforms', { timeout: DEMO_MILLIS }, async ({ expect }) => {
    const { code, stdout, stderr } = await runNode(['demo.mjs', '--json'], { folder: 'demo' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { ok, requests, errors, platforms, samples, timeline } = JSON.parse(stdout) as Result;

    expect(ok).toBe(true);
    expect(requests.sent).toBeGreaterThan(0);
    expect(requests.asExpected).toBe(requests.sent);
    expect(errors.thrown).toBeGreaterThan(0);
    expect(platforms.map(({ platform }) => platform)).toEqual(PLATFORMS);
    const emitted = platforms[0]?.emitted ?? 0;
    expect(emitted).toBeGreaterThan(requests.sent);
    for (const row of platforms) {
      expect(row).toMatchObject({
        ...{ emitted, delivered: emitted, stored: emitted, lost: 0, duplicated: 0, refused: 0 },
        errors: errors.thrown,
        ok: true,
      });
      // Its breaker noticed the outage, and yet.
      expect(row.trips).toBeGreaterThanOrEqual(1);
    }
    expect(timeline.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['all five platforms go down', 'the platforms are back', 'the service ends']),
    );

    // One order on all five platforms, in the fields that each has for it.
    const { odysseus, logtide, redarch, loggier, trakerr } = samples.order as Record<string, Record<string, unknown>>;
    const message = logtide?.message;
    const trace = logtide?.trace_id;
    expect(message).toMatch(/^order \d+ placed$/);
    expect(odysseus).toMatchObject({ message, severity: 3, context: { trace_id: trace } });
    expect(redarch).toMatchObject({ message, tenant_id: 'acme', context: { trace_id: trace } });
    expect(loggier).toMatchObject({ message, context: { trace_id: trace } });
    expect(trakerr).toMatchObject({ eventMessage: message, contextCrossAppCorrelationId: trace });
    expect(samples.event).toMatchObject({ name: 'order.validated', stream_id: trace });
    expect(samples.error).toMatchObject({ type: 'InvoiceError', cause: { type: 'SyntaxError' } });
  });

  it.concurrent('prints the story and a table', { timeout: DEMO_MILLIS }, async ({ expect }) => {
    const { code, stdout, stderr } = await runNode(['demo.mjs'], { folder: 'demo' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Nothing lost, nothing refused, nothing twice.');
    for (const platform of PLATFORMS)
      expect(stdout).toMatch(new RegExp(`^ {2}${platform} +\\d+ +\\d+ +\\d+ +0 +0 +0`, 'm'));
    // No colours in a pipe, and no keys anywhere.
    expect(stdout).not.toContain('\u001b');
    const sink = await startSink();
    await sink.close();
    for (const secret of Object.values(sink.credentials)) expect(stdout).not.toContain(secret);
  });

  describe('its verdict', () => {
    const stats = (accepted: number, delivered = accepted) => ({
      ...{ platform: 'logtide', accepted, delivered, requests: 1, retries: 0, circuit: { trips: 0 } },
    });
    const entry = (number: number, exception?: object) => ({
      platform: 'logtide',
      channel: 'logs',
      record: { metadata: { 'demo.record': number, exception } },
    });
    const sinkWith = (records: readonly object[], refused = 0) => ({
      records: () => records,
      counts: () => ({ logtide: { refused, requests: 1 } }),
    });

    async function verdict(end: End, sink: unknown): Promise<object | undefined> {
      const file = new URL('../../examples/demo/verdict.mjs', import.meta.url).href;
      const { rowsOf } = (await import(file)) as { rowsOf: (end: End, sink: Sink) => readonly object[] };
      return rowsOf(end, sink as Sink)[0];
    }

    it.each([
      ['all is well', [entry(1), entry(2)], stats(2), 0, { ok: true }],
      ['a record is missing', [entry(1)], stats(2), 0, { ok: false, lost: 1 }],
      ['a record is stored twice', [entry(1), entry(2), entry(2)], stats(2), 0, { ok: false, duplicated: 1 }],
      [
        'something is stored that nobody sent',
        [entry(1), entry(2), entry(9)],
        stats(2),
        0,
        { ok: false, duplicated: 1 },
      ],
      ['something was refused', [entry(1), entry(2)], stats(2), 1, { ok: false, refused: 1 }],
      ['the exporter took more than was sent', [entry(1), entry(2)], stats(3), 0, { ok: false }],
      ['the exporter does not know of a delivery', [entry(1), entry(2)], stats(2, 1), 0, { ok: false }],
      ['an error arrived that was none', [entry(1), entry(2, {})], stats(2), 0, { ok: false, errors: 1 }],
    ])('when %s', async (_what, records, stats, refused, expected) => {
      expect(await verdict({ emitted: 2, failures: 0, stats: [stats] }, sinkWith(records, refused))).toMatchObject(
        expected,
      );
    });
  });
});
