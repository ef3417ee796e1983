import { floor } from './floor.mjs';
import { logferry, logferryWriteThrough } from './logferry.mjs';
import { otlpJson, otlpProtobuf } from './otlp.mjs';
import { practicalLimit } from './practical-limit.mjs';

/** `sends`: whether records reach a server. The order is that of the tables. */
export const CONTESTANTS = {
  floor: { title: 'SDK floor (no-op exporter)', sends: false, make: floor },
  limit: {
    title: 'practical limit',
    sends: true,
    make: practicalLimit,
  },
  logferry: { title: 'logferry, batch processor', sends: true, make: logferry },
  // What the others do not do either.
  plain: {
    title: 'logferry, batch processor, redact: false',
    sends: true,
    make: (url, delivery) => logferry(url, { ...delivery, redact: false }),
  },
  'write-through': { title: 'logferry, write-through', sends: true, make: logferryWriteThrough },
  'otlp-json': { title: 'OTLP/HTTP JSON', sends: true, make: otlpJson },
  'otlp-protobuf': { title: 'OTLP/HTTP protobuf', sends: true, make: otlpProtobuf },
};
