import type { WriteThroughLogRecordProcessor } from './processor.ts';
import { writeLine } from './stderr-diag.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Delivers what waits, and says so when something had to be left behind. */
async function flush(processor: WriteThroughLogRecordProcessor, millis: number): Promise<void> {
  await processor.flush(millis);
  const left = processor.stats().filter(({ pending }) => pending > 0);
  if (left.length === 0) return;
  const counts = left.map(
    ({ platform, pending, circuit }) => `${platform} ${pending} (${circuit.reason ?? 'too slow'})`,
  );
  writeLine(`logferry LF011 records not delivered when the process ended: ${counts.join(', ')}`);
}

/**
 * Delivers what waits when the process ends: at its natural end (`beforeExit`) and on SIGTERM and SIGINT, for
 * `flushMillis` at most. Exit codes and behaviour stay as they were: a signal that only we listen to is raised again,
 * so that it ends the process as it would have; where the application listens too, it decides. A second signal ends the
 * process at once. `process.exit()` cannot wait for anything and is left alone.
 */
export function flushAtEnd(processor: WriteThroughLogRecordProcessor, flushMillis: number): void {
  let lastTried = -1;
  process.on('beforeExit', () => {
    const accepted = processor.stats().reduce((sum, stats) => sum + stats.accepted, 0);
    // Flushing wakes the event loop, which ends again: once per set of records, or an outage would never let go.
    if (accepted === lastTried) return;
    lastTried = accepted;
    void flush(processor, flushMillis);
  });
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      process.removeListener(signal, onSignal);
      const alone = process.listenerCount(signal) === 0;
      void flush(processor, flushMillis).then(() => {
        if (alone && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
    };
    process.on(signal, onSignal);
  }
}
