import { load, platform } from '../logferry.mjs';
import { floor } from './floor.mjs';
import { delivered, logferryWriteThrough } from './logferry.mjs';
import { otlpJson } from './otlp.mjs';

/** `emit()` alone: a record is made and forgotten. */
async function sdk() {
  return { processor: { onEmit() {}, forceFlush: async () => {}, shutdown: async () => {} } };
}

/** `delivery` are options with a spool. */
async function spooled(url, delivery) {
  const { DurableLogRecordProcessor } = await load('durable-processor.js');
  const processor = new DurableLogRecordProcessor(await platform('logtide', url), delivery);
  const stats = () => processor.stats()[0];
  return { processor, stats, room: (_emitted, count) => delivered(stats, count) };
}

function withPolicy(fsync) {
  return (url, { spool, ...delivery }) => spooled(url, { ...delivery, spool: { ...spool, fsync } });
}

function withoutSpool(url, { spool: _, ...delivery }) {
  return logferryWriteThrough(url, delivery);
}

/** The contestants of the sections about the spool; all are made with the same options and take what they know of them. */
export const DURABLE = {
  sdk: { title: 'SDK, processor that does nothing', make: sdk },
  floor: { title: 'SDK floor (batch processor, no-op)', make: floor },
  memory: { title: 'logferry, memory queue', make: withoutSpool },
  spool: { title: 'logferry, spool', make: withPolicy('interval') },
  'spool-never': { title: 'logferry, spool, fsync never', make: withPolicy('never') },
  'spool-batch': { title: 'logferry, spool, fsync batch', make: withPolicy('batch') },
  'otlp-json': { title: 'OTLP/HTTP JSON', make: otlpJson },
};
