import { load, platform } from '../logferry.mjs';
import { batching } from './batching.mjs';

/** `delivery` are options of the exporter; default: none. */
export async function logferry(url, delivery) {
  const { PlatformLogExporter } = await load('exporter.js');
  const exporter = new PlatformLogExporter(await platform('logtide', url), delivery);
  return { ...batching(exporter), stats: () => exporter.stats() };
}

/** The same destination without a queue of objects in front of it. */
export async function logferryWriteThrough(url, delivery) {
  const { WriteThroughLogRecordProcessor } = await load('processor.js');
  const { Destination } = await load('destination.js');
  const destination = new Destination(await platform('logtide', url), delivery);
  return { processor: new WriteThroughLogRecordProcessor([destination]), stats: () => destination.stats() };
}
