// Nanoseconds per record of one codec, in a process of its own: `encoding.mjs PLATFORM ROUNDS`. Five platforms in one
// process would make the shared code polymorphic, which no application is that has one destination.
import { load, platform } from '../logferry.mjs';
import { readableRecords } from '../record.mjs';
import { median } from '../statistics.mjs';

const [name, rounds] = [process.argv[2], Number(process.argv[3])];
const RECORDS = 1_000;
const PER_ROUND = 20_000;
const WARM_UP_ROUNDS = 4;
const QUEUE_BYTES = 64 * 1_048_576;

/** Keeps the optimiser from dropping results nobody looks at. */
let checksum = 0;

function nanosPerCall(step) {
  const begun = process.hrtime.bigint();
  for (let call = 0; call < PER_ROUND; call++) step(call % RECORDS);
  return Number(process.hrtime.bigint() - begun) / PER_ROUND;
}

/** Every step once per round, so that a noisy second hits all of them. */
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

/** Appends to the memory queue and empties it in batches, as the sender does. */
async function appender() {
  const { MemoryQueue } = await load('delivery/memory-queue.js');
  const { ByteBudget } = await load('delivery/byte-budget.js');
  const queue = new MemoryQueue(new ByteBudget(QUEUE_BYTES), () => {
    throw new Error('the queue of the benchmark is too small');
  });
  return (text) => {
    queue.append(text);
    if (queue.waiting < RECORDS) return;
    for (let batch = queue.take(LIMITS); batch !== undefined; batch = queue.take(LIMITS)) queue.acknowledge(batch);
  };
}
const LIMITS = { maxRecords: 1_000, maxBytes: 1_048_576 };

const measured = await platform(name);
if (measured === undefined) {
  process.send({ kind: 'result' });
} else {
  const { codec } = measured.logs;
  const { defaultEncoding } = await load('codec/limits.js');
  // Redaction has a section of its own.
  const encode = codec.encoder({ ...defaultEncoding(), redactor: undefined });
  const records = readableRecords(RECORDS);
  const texts = records.map((record) => encode(record));
  const objects = texts.map((text) => JSON.parse(text));
  const bytes = Buffer.alloc(1_048_576);
  const append = await appender();
  const nanos = measure({
    encode: (index) => {
      checksum += encode(records[index]).length;
    },
    // A text that was put together is a tree of pieces until somebody needs its characters; this is the whole cost.
    encodeToBytes: (index) => {
      checksum += bytes.write(encode(records[index]), 'utf8');
    },
    stringify: (index) => {
      checksum += JSON.stringify(objects[index]).length;
    },
    append: (index) => append(texts[index]),
  });
  process.send({ kind: 'result', nanos, length: texts[0].length, checksum });
}
process.on('disconnect', () => process.exit());
