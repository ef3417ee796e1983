import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { COMPACT, COMPACT_RESOURCE } from './compact-record.mjs';
import { MARKER, NUMBER_OFFSET } from './marker.mjs';

const BODY_LENGTH = 115;
const HEAD = 'GET /api/v2/orders/4711/items answered 200 to 203.0.113.17 ';
const TAIL = '; served from the cache of region eu-west-1.'.slice(0, BODY_LENGTH - HEAD.length - MARKER.length - 10);

function bodyOf(number) {
  return `${HEAD}${MARKER}${NUMBER_OFFSET + number}${TAIL}`;
}

if (bodyOf(0).length !== BODY_LENGTH) throw new Error(`the body has ${bodyOf(0).length} characters`);

const RESOURCE = {
  'service.name': 'shop-frontend',
  'service.version': '4.12.1',
  'service.namespace': 'shop',
  'service.instance.id': '0d4f8a1e-7a6b-4f2e-9c53-1f8a6f1e2b3c',
  'deployment.environment.name': 'production',
  'host.name': 'web-17.example.com',
  'process.pid': 4711,
  'process.runtime.name': 'nodejs',
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.name': 'opentelemetry',
};

/** A few records per span, as in a request handler: what is remembered of a span must not look better than it is. */
const RECORDS_PER_SPAN = 8;
let spanOfRecords = ROOT_CONTEXT;

function spanOf(number) {
  if (number % RECORDS_PER_SPAN !== 0) return spanOfRecords;
  const digits = (0x1000_0000 + number).toString(16);
  spanOfRecords = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: `0af7651916cd43dd8448eb21${digits}`,
    spanId: `b7ad6b71${digits}`,
    traceFlags: TraceFlags.SAMPLED,
  });
  return spanOfRecords;
}

/** 8 attributes: 3 strings, 2 integers, 1 double, 1 boolean, 1 map; new objects each time, as in applications. */
function emit(logger, number) {
  logger.emit({
    severityNumber: SeverityNumber.INFO,
    severityText: 'INFO',
    body: bodyOf(number),
    attributes: {
      'http.request.method': 'GET',
      'url.path': '/api/v2/orders/4711/items',
      'client.address': '203.0.113.17',
      'http.response.status_code': 200,
      'http.response.body.size': 5_120 + (number & 1023),
      'http.server.duration': 12.625,
      'cache.hit': true,
      user: { id: 'u-20391', plan: 'gold' },
    },
    context: spanOf(number),
  });
}

/** A provider with one processor, and a function that emits the record of a number through it. */
export function application(processor, shape = 'web') {
  const emitOne = COMPACT[shape] ?? emit;
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(emitOne === emit ? RESOURCE : COMPACT_RESOURCE),
    processors: [processor],
  });
  const logger = provider.getLogger('shop.http', '1.2.3');
  return { provider, emit: (number) => emitOne(logger, number) };
}

/** Records as an exporter gets them. */
export function readableRecords(count) {
  const records = [];
  const keeper = { onEmit: (record) => records.push(record), forceFlush: async () => {}, shutdown: async () => {} };
  const { emit: emitNumber } = application(keeper);
  for (let number = 0; number < count; number++) emitNumber(number);
  return records;
}
