import { PLATFORMS } from '../logferry.mjs';
import { Child } from '../processes.mjs';
import { goal, goalTable, table, whole } from '../report.mjs';

const GOAL_MICROS = { odysseus: 2.5, logtide: 2.5, redarch: 3.5, loggier: 3.5, trakerr: 3.5 };

async function measure(name, rounds) {
  const child = new Child('encoding', [name, String(rounds)], { limitMillis: 60_000 });
  try {
    return await child.receive('result');
  } finally {
    await child.end();
  }
}

export async function encode({ short }) {
  const figures = {};
  for (const name of PLATFORMS) figures[name] = await measure(name, short ? 9 : 41);
  const rows = PLATFORMS.map((name) => {
    const { nanos, length } = figures[name];
    if (nanos === undefined) return [name, 'not built', '–', '–', '–', '–'];
    const { encode: text, encodeToBytes, stringify, append } = nanos;
    return [name, whole(text), whole(encodeToBytes), whole(append), whole(stringify), whole(length)];
  });
  const goals = PLATFORMS.map((name) =>
    goal(`encode to bytes, ${name}, µs`, (figures[name].nanos?.encodeToBytes ?? Number.NaN) / 1000, GOAL_MICROS[name]),
  );
  const head = [
    'ns per record',
    'encode',
    'encode to bytes',
    'append to queue',
    'JSON.stringify (object)',
    'characters',
  ];
  return {
    title: `Encoding, without redaction (see redact): medians of ${short ? 9 : 41} rounds; JSON.stringify gets the finished object, without making it`,
    text: `${table(head, rows)}\n\n${goalTable(goals)}`,
    goals,
    figures,
  };
}
