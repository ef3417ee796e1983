import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sink } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';
import { examplesFolder, payloads, runNode } from './run-example.ts';

const FOLDER = 'environment-only';
/** The commands of the folder's README. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'app.cjs': ['--require', 'logferry/register', 'app.cjs'],
  'app.mjs': ['--import', 'logferry/register', 'app.mjs'],
};

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const [MADE, PAGE, MAILED] = ['the report is being made', 'a page has no figures', 'the report could not be mailed'];
const ids = { trace_id: TRACE_ID, span_id: SPAN_ID };

describe('examples/environment-only', () => {
  let sink: Sink;

  beforeAll(async () => {
    sink = await startSink();
  });
  beforeEach(() => sink.clear());
  afterAll(() => sink.close());

  it('is tested as a whole', () => {
    const files = readdirSync(`${examplesFolder}${FOLDER}`).filter((name) => /\.[cm]?js$/.test(name));
    expect(files.sort()).toEqual(Object.keys(COMMANDS));
  });

  describe.each(Object.entries(COMMANDS))('%s', (_file, args) => {
    it('reaches all platforms, knowing nothing of them', async () => {
      const env = { ...sink.env(), OTEL_SERVICE_NAME: 'nightly-report' };
      const { code, stdout, stderr } = await runNode(args, { env, folder: FOLDER });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain('logs of "nightly-report" go to odysseus');
      for (const secret of Object.values(sink.credentials)) expect(stderr).not.toContain(secret);

      expect(payloads(sink.records('odysseus'))).toMatchObject([
        { message: PAGE, severity: 4, context: { ...ids, 'report.page': 3 } },
        { message: MAILED, severity: 5, context: { ...ids, exception: { message: 'mailbox is full' } } },
        { message: MADE, severity: 2, context: ids },
      ]);
      expect(payloads(sink.records('logtide'))).toMatchObject([
        { message: PAGE, level: 'warn', service: 'nightly-report', ...ids },
        { message: MAILED, level: 'error', ...ids, metadata: { exception: { message: 'mailbox is full' } } },
        { message: MADE, level: 'info', ...ids },
      ]);
      expect(payloads(sink.records('redarch'))).toMatchObject([
        { message: PAGE, level: 'WARN', service: 'nightly-report', request_id: TRACE_ID, context: ids },
        { message: MAILED, level: 'ERROR', context: ids },
        { message: MADE, level: 'INFO', context: ids },
      ]);
      expect(payloads(sink.records('loggier'))).toMatchObject([
        { message: PAGE, level: 'WARNING', context: { ...ids, service_name: 'nightly-report' } },
        { message: MAILED, level: 'ERROR', context: ids, exception: { message: 'mailbox is full' } },
        { message: MADE, level: 'INFO', context: ids },
      ]);
      expect(payloads(sink.records('trakerr'))).toMatchObject([
        { eventMessage: PAGE, logLevel: 'warning', contextCrossAppCorrelationId: TRACE_ID },
        { eventMessage: MAILED, logLevel: 'error', contextCrossAppCorrelationId: TRACE_ID },
        { eventMessage: MADE, logLevel: 'info', contextCrossAppCorrelationId: TRACE_ID },
      ]);
      for (const counts of Object.values(sink.counts())) expect(counts).toMatchObject({ accepted: 3, refused: 0 });
    });

    it('keeps its exit code', async () => {
      const { code } = await runNode([...args, '--fail'], { env: sink.env(), folder: FOLDER });
      expect(code).toBe(3);
      for (const counts of Object.values(sink.counts())) expect(counts.accepted).toBe(3);
    });

    it('runs without credentials, and is told that nothing is sent', async () => {
      const { code, stdout, stderr } = await runNode(args, { folder: FOLDER });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain('LF007');
    });
  });
});
