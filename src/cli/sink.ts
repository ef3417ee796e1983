import type { Sink, SinkAnswer, SinkRequest } from '../sink/sink.ts';
import { SinkDatabaseError, startSink } from '../sink/sink.ts';
import type { SinkArgs } from './sink-args.ts';
import { parseSinkArgs, sinkHelp } from './sink-args.ts';
import { jsonOutput, textOutput } from './sink-output.ts';

/** How the session ended: by a signal, or because nobody reads stdout any more. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    // `logferry sink | head` ends when head does, without an error.
    process.stdout.on('error', () => resolve());
  });
}

function summary(sink: Sink): string {
  const columns = ['requests', 'accepted', 'refused', 'faulted'] as const;
  const head = `${''.padEnd(10)}${columns.map((name) => name.padStart(10)).join('')}`;
  const rows = Object.entries(sink.counts()).map(
    ([platform, counts]) =>
      `${platform.padEnd(10)}${columns.map((name) => String(counts[name]).padStart(10)).join('')}`,
  );
  return `\n${[head, ...rows].join('\n')}\n(accepted: records; the others: requests)\n`;
}

/** Says why the sink did not start, and gives the exit code: an old Node is a wrong call. */
function explain(error: unknown, port: number): number {
  if (error instanceof SinkDatabaseError) {
    process.stderr.write(`logferry sink: --db: ${error.message}\n`);
    return error.code === 'ERR_SINK_NO_SQLITE' ? 2 : 1;
  }
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const advice = taken ? 'is taken; choose another one or leave the option out' : String(error);
  process.stderr.write(`logferry sink: --port ${port}: ${advice}\n`);
  return 1;
}

async function serve({ port, json, faults, platform, logtideServer, db }: SinkArgs): Promise<number> {
  const output = json ? jsonOutput() : textOutput();
  // Handlers first: a signal that comes while starting must still end in a summary and exit code 0.
  const stopped = untilStopped();
  let sink: Sink;
  try {
    sink = await startSink({
      port,
      logtideServer,
      ...(db !== undefined && { db }),
      // Nobody reads them back from this process except through `/_sink/records`.
      keepRecords: 10_000,
      onRecord: (record) => output.record(record),
      onRequest: (request: SinkRequest, answer: SinkAnswer) => {
        // Whoever reads sees for himself what is wrong; here are the records that a platform would not have.
        if (answer.reason !== undefined && request.method === 'POST')
          output.refused(request.platform, answer.status, answer.reason);
      },
      onUnrouted: (method, path) => output.refused('unknown', 404, `no route for ${method} ${path}`),
    });
  } catch (error) {
    return explain(error, port);
  }
  sink.setFaults(faults, platform);
  output.listening(sink.url, sink.port, sink.env());
  await stopped;
  await sink.close();
  process.stderr.write(summary(sink));
  return 0;
}

/** `logferry sink`: exit code 0 after a signal, 1 when it cannot start, 2 when called wrongly or with a Node too old for `--db`. */
export async function run(argv: readonly string[]): Promise<number> {
  const parsed = parseSinkArgs(argv);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(sinkHelp);
      return 0;
    case 'bad':
      process.stderr.write(`logferry sink: ${parsed.message}\n`);
      return 2;
    case 'run':
      return serve(parsed.args);
  }
}
