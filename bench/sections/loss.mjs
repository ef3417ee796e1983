import { CONTESTANTS } from '../contestants/index.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { contest } from './contest.mjs';

const NAMES = ['logferry', 'otlp-json', 'otlp-protobuf'];
/**
 * An outage of 20 s at 5,000 records/s is 120 MB of entries of this size, and until a probe finds the server well again
 * a few seconds more (128 MiB lost 8,004 of 150,000). The default of 16 MiB is not meant for it.
 */
const QUEUE_BYTES = 192 * 1_048_576;

/** The same load for all at the same time, each with a server of its own that follows the same script. */
export async function lossContest(load, script) {
  const limitMillis = load.seconds * 1000 + load.flushMillis + 60_000;
  const delivery = { queue: { maxBytes: QUEUE_BYTES }, timeouts: { flushMillis: load.flushMillis } };
  const runs = await Promise.all(
    NAMES.map((name) => contest(name, name === 'logferry' ? { ...load, delivery } : load, { script, limitMillis })),
  );
  const rows = runs.map(({ name, emitted, arrived, lost, repeated, wallMillis, peakBytes }) => [
    CONTESTANTS[name].title,
    whole(emitted),
    whole(lost),
    fixed((lost / emitted) * 100),
    whole(repeated),
    whole(arrived.requests),
    whole(arrived.refused),
    fixed(wallMillis / 1000),
    fixed(peakBytes / 1_048_576, 0),
  ]);
  const head = ['contestant', 'emitted', 'lost', '%', 'twice', 'requests', 'refused', 'flushed after s', 'peak +MiB'];
  return { runs, text: table(head, rows) };
}

function queueLine({ dropped, retries, circuit }) {
  const reasons = Object.entries(dropped).map(([reason, count]) => `${reason} ${whole(count)}`);
  return [
    `logferry: queue.maxBytes ${whole(QUEUE_BYTES)}`,
    `dropped: ${reasons.join(', ')}`,
    `retries ${retries}, circuit trips ${circuit.trips}`,
  ].join('; ');
}

export function lossReport(title, { runs, text }, goalText) {
  const goals = [goal(goalText, runs[0].lost, 0, { digits: 0 })];
  return {
    title,
    text: `${text}\n\n${queueLine(runs[0].stats)}\n\n${goalTable(goals)}`,
    goals,
    figures: runs,
  };
}
