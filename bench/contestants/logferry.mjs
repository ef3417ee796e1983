import { setTimeout as pause } from 'node:timers/promises';
import { load, platform } from '../logferry.mjs';
import { batching, MAX_QUEUE_SIZE } from './batching.mjs';

/**
 * logferry takes records faster than a server that gets no processor time can store them. A burst waits for it then,
 * with as many records on the way as the batch processor's queue holds for the others, so that nobody drops any.
 */
export async function delivered(stats, count) {
  while (stats().pending + count > MAX_QUEUE_SIZE) await pause(1);
}

/** `delivery` are options of the exporter; default: none. */
export async function logferry(url, delivery) {
  const { PlatformLogExporter } = await load('exporter.js');
  const exporter = new PlatformLogExporter(await platform('logtide', url), delivery);
  const stats = () => exporter.stats();
  const { processor, room } = batching(exporter);
  return {
    processor,
    stats,
    room: async (emitted, count) => {
      await room(emitted, count);
      await delivered(stats, count);
    },
  };
}

/** The same destination without a queue of objects in front of it. */
export async function logferryWriteThrough(url, delivery) {
  const { WriteThroughLogRecordProcessor } = await load('processor.js');
  const { Destination } = await load('destination.js');
  const destination = new Destination(await platform('logtide', url), delivery);
  const stats = () => destination.stats();
  return {
    processor: new WriteThroughLogRecordProcessor([destination]),
    stats,
    room: (_emitted, count) => delivered(stats, count),
  };
}
