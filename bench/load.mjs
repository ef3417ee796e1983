import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

const SLICE = 512;
const TICK_MILLIS = 10;

/**
 * As fast as the contestant can: a slice, a turn of the event loop, and never more than the batch processor's queue
 * holds, so that nobody is cheaper per record by dropping records. Returns how many were emitted.
 */
export async function burst({ emit, room }, records, first = 0) {
  for (let done = 0; done < records; ) {
    const count = Math.min(SLICE, records - done);
    await room?.(first + done, count);
    for (let index = 0; index < count; index++) emit(first + done + index);
    done += count;
    await turn();
  }
  return records;
}

/** At a fixed rate by the clock, whatever becomes of the records: an application does not wait for its logs. */
export async function steady({ emit }, perSecond, seconds) {
  const records = perSecond * seconds;
  const begun = performance.now();
  let emitted = 0;
  while (emitted < records) {
    const due = Math.min(records, Math.floor(((performance.now() - begun) / 1000) * perSecond));
    while (emitted < due) emit(emitted++);
    await pause(TICK_MILLIS);
  }
  return emitted;
}

/** Flushes until nothing is pending any more, `limitMillis` at most. */
export async function flush({ provider, stats }, limitMillis) {
  const end = performance.now() + limitMillis;
  do {
    const left = end - performance.now();
    await Promise.race([provider.forceFlush(), pause(left, undefined, { ref: false })]);
  } while ((stats?.().pending ?? 0) > 0 && performance.now() < end);
}
