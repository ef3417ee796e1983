import { CONTESTANTS } from '../contestants/index.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { contest } from './contest.mjs';

const NAMES = ['logferry', 'otlp-json', 'otlp-protobuf'];
/** An outage of 20 s at 5,000 records/s is 105 MB of entries of this size; the default queue of 16 MiB is not meant for it. */
export const QUEUE_BYTES = 128 * 1_048_576;

/** The same load for all at the same time, each with a server of its own that follows the same script. */
export async function lossContest(load, script) {
  const limitMillis = load.seconds * 1000 + load.flushMillis + 60_000;
  const delivery = { queue: { maxBytes: QUEUE_BYTES }, timeouts: { flushMillis: load.flushMillis } };
  const runs = await Promise.all(
    NAMES.map((name) =>
      contest(name, name === 'logferry' ? { ...load, delivery } : load, { script, limitMillis }),
    ),
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

export function lossReport(title, { runs, text }, goalText) {
  const goals = [goal(goalText, runs[0].lost, 0, { digits: 0 })];
  return {
    title,
    text: `${text}\n\nlogferry with queue.maxBytes ${whole(QUEUE_BYTES)}\n\n${goalTable(goals)}`,
    goals,
    figures: runs,
  };
}
