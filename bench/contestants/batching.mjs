import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';

/** The same for all contestants. */
export const MAX_QUEUE_SIZE = 8_192;
const MAX_EXPORT_BATCH_SIZE = 512;

/**
 * An exporter behind the SDK's batch processor. The wrapper in between only counts what the processor has handed over,
 * so that an application can wait for room in the processor's queue instead of losing records there.
 */
export function batching(exporter) {
  let taken = 0;
  let wake;
  const counting = {
    export(records, callback) {
      taken += records.length;
      wake?.();
      exporter.export(records, callback);
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
  return {
    processor: new BatchLogRecordProcessor({
      exporter: counting,
      maxQueueSize: MAX_QUEUE_SIZE,
      maxExportBatchSize: MAX_EXPORT_BATCH_SIZE,
    }),
    /** Resolves as soon as the processor's queue has room for `count` more than the `emitted` so far. */
    async room(emitted, count) {
      while (emitted - taken + count > MAX_QUEUE_SIZE) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
