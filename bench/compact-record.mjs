import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { MARKER, NUMBER_OFFSET } from './marker.mjs';

/**
 * Shorter records than that of the throughput section, the sizes that the goals of the spool speak of: `line` is 500
 * bytes of LogTide text, `brief` about 400. Their contents vary, so that compression is not flattered.
 */
export const COMPACT_RESOURCE = { 'service.name': 'shop-frontend' };

let state = 0x2545_f491;

/** 31 bits that look random; the same sequence in every process. */
function bits() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 1;
}

const PATHS = ['orders', 'tickets', 'customers', 'carts', 'invoices', 'stock', 'shipments', 'search'];

function digits(count) {
  return (10 ** count + (bits() % (9 * 10 ** (count - 1)))).toString().slice(-count);
}

function hex(length) {
  let text = '';
  while (text.length < length) text += (0x4000_0000 + (bits() >>> 1)).toString(16);
  return text.slice(0, length);
}

function bodyOf(number) {
  const path = PATHS[bits() & 7];
  return `GET /api/v2/${path}/${digits(6)} answered 200 to 203.0.113.${digits(2)} ${MARKER}${NUMBER_OFFSET + number}`;
}

const RECORDS_PER_SPAN = 8;
let spanOfRecords = ROOT_CONTEXT;

function spanOf(number) {
  if (number % RECORDS_PER_SPAN !== 0 && spanOfRecords !== ROOT_CONTEXT) return spanOfRecords;
  spanOfRecords = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: TraceFlags.SAMPLED,
  });
  return spanOfRecords;
}

/** Brings every text to the same length. */
const FILLER = ' in eu-west';
const LINE_BODY = 72;

function emitLine(logger, number) {
  const body = bodyOf(number);
  logger.emit({
    severityNumber: SeverityNumber.INFO,
    body: body + FILLER.slice(0, LINE_BODY - body.length),
    attributes: { tier: 'gold' },
    context: spanOf(number),
  });
}

function emitBrief(logger, number) {
  logger.emit({
    severityNumber: SeverityNumber.INFO,
    body: bodyOf(number),
    attributes: { 'user.id': hex(16) },
  });
}

export const COMPACT = { line: emitLine, brief: emitBrief };
