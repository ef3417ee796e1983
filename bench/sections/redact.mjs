import { PLATFORMS } from '../logferry.mjs';
import { Child } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';

/** CPU with redaction over CPU without. */
const GOAL_RATIO = 1.25;

async function measure(name, rounds) {
  const child = new Child('redacting', [name, String(rounds)], { limitMillis: 180_000 });
  try {
    return await child.receive('result');
  } finally {
    await child.end();
  }
}

function rowOf(name, { nanos }) {
  if (nanos === undefined) return [name, 'not built', '–', '–', '–', '–'];
  const { plain, redacting, plainSecret, redactingSecret, plainFailed, redactingFailed } = nanos;
  const ratios = [redacting / plain, redactingSecret / plainSecret, redactingFailed / plainFailed];
  return [name, whole(plain), whole(redacting), ...ratios.map((ratio) => fixed(ratio, 2))];
}

export async function redact({ short }) {
  const figures = {};
  for (const name of PLATFORMS) figures[name] = await measure(name, short ? 9 : 41);
  const head = ['CPU ns per record', 'off', 'on', 'on/off', 'with two secrets', 'with a stack'];
  const goals = PLATFORMS.map((name) => {
    const { nanos } = figures[name];
    return goal(
      `redaction, ${name}, on/off`,
      nanos === undefined ? Number.NaN : nanos.redacting / nanos.plain,
      GOAL_RATIO,
    );
  });
  const { growth = {} } = figures.logtide;
  const grown = Object.entries(growth).map(([text, [less, more]]) => [
    text,
    fixed(less),
    fixed(more),
    fixed(more / less),
  ]);
  const texts = table(['ms for a hostile text', '125,000', '1,000,000', 'ratio (linear: 8)'], grown);
  return {
    title: 'Redaction: medians of encoding to bytes, on and off in turns',
    text: `${table(
      head,
      PLATFORMS.map((name) => rowOf(name, figures[name])),
    )}\n\n${texts}\n\n${goalTable(goals)}`,
    goals,
    figures,
  };
}
