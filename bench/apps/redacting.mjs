// CPU nanoseconds per record of one codec with and without redaction: `redacting.mjs PLATFORM ROUNDS`. Both are made
// anew from the same platform and take turns, so that a noisy second hits them alike.
import { load, platform } from '../logferry.mjs';
import { readableRecords } from '../record.mjs';
import { median } from '../statistics.mjs';

const [name, rounds] = [process.argv[2], Number(process.argv[3])];
const RECORDS = 1_000;
const PER_ROUND = 20_000;
const WARM_UP_ROUNDS = 4;
const STACK = `Error: connect ECONNREFUSED 10.0.0.7:5432\n${Array.from({ length: 10 }, (_, at) => `    at step${at} (file:///srv/app/lib/part-${at}.js:${at + 10}:15)`).join('\n')}`;

let checksum = 0;

function nanosPerCall(step) {
  const begun = process.cpuUsage();
  for (let call = 0; call < PER_ROUND; call++) step(call % RECORDS);
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1_000) / PER_ROUND;
}

function measure(steps) {
  const times = Object.fromEntries(Object.keys(steps).map((step) => [step, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [step, run] of Object.entries(steps)) {
      const nanos = nanosPerCall(run);
      if (round >= 0) times[step].push(nanos);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([step, list]) => [step, median(list)]));
}

function withAttributes(record, attributes) {
  const { hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, resource } = record;
  const { instrumentationScope } = record;
  const parts = { hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, resource };
  return {
    ...parts,
    instrumentationScope,
    droppedAttributesCount: 0,
    attributes: { ...record.attributes, ...attributes },
  };
}

/** Nanoseconds of the walk over long texts: what grows faster than the text shows in the last column. */
async function growth() {
  const { Redactor } = await load('record/redact/redactor.js');
  const { TEXTS } = await import('../sections/redact-texts.mjs');
  const redactor = new Redactor();
  const millisOf = (text) => {
    const times = Array.from({ length: 5 }, () => {
      const begun = process.hrtime.bigint();
      checksum += redactor.text(text).length;
      return Number(process.hrtime.bigint() - begun) / 1e6;
    });
    return median(times);
  };
  return Object.fromEntries(
    Object.entries(TEXTS).map(([text, make]) => [text, [millisOf(make(125_000)), millisOf(make(1_000_000))]]),
  );
}

const measured = await platform(name);
if (measured === undefined) {
  process.send({ kind: 'result' });
} else {
  const { Redactor } = await load('record/redact/redactor.js');
  const { defaultEncoding } = await load('codec/limits.js');
  const { codec } = measured.logs;
  const redacting = codec.encoder({ ...defaultEncoding(), redactor: new Redactor() });
  const plain = codec.encoder({ ...defaultEncoding(), redactor: undefined });
  const records = readableRecords(RECORDS);
  const secret = records.map((record) =>
    withAttributes(record, { 'http.request.header.authorization': 'Bearer 0123456789abcdef', password: 'hunter2' }),
  );
  const failed = records.map((record) =>
    withAttributes(record, {
      'exception.type': 'Error',
      'exception.message': 'connect ECONNREFUSED 10.0.0.7:5432',
      'exception.stacktrace': STACK,
    }),
  );
  const bytes = Buffer.alloc(1_048_576);
  const writing = (encode, given) => (index) => {
    checksum += bytes.write(encode(given[index]), 'utf8');
  };
  const nanos = measure({
    plain: writing(plain, records),
    redacting: writing(redacting, records),
    plainSecret: writing(plain, secret),
    redactingSecret: writing(redacting, secret),
    plainFailed: writing(plain, failed),
    redactingFailed: writing(redacting, failed),
  });
  process.send({ kind: 'result', nanos, growth: name === 'logtide' ? await growth() : undefined, checksum });
}
process.on('disconnect', () => process.exit());
