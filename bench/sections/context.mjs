import { Child } from '../processes.mjs';
import { goal, goalTable, table, whole } from '../report.mjs';

/** By variant of `apps/context.mjs`: what it is, and for records what it costs more than a bare one. */
const RECORDS = {
  bare: 'emit, no context processor',
  'no context': 'emit, no context active',
  '3 fields': 'emit, 3 fields of a log context',
  'trace id': 'emit, a trace id of its own',
  'call site': 'emit, call site',
};
const CALLS = {
  enter: 'withLogContext, 3 fields',
  captureErrors: 'captureErrors, a call that succeeds',
  traced: 'traced, no tracer, a fast call',
  'traced, spans': 'traced, with spans, a fast call',
};
const GOALS = { 'no context': 150, '3 fields': 1_500, 'trace id': 1_000, 'call site': 20_000, traced: 1_500 };

async function measure(variant, rounds) {
  const child = new Child('context', [variant, String(rounds)], { limitMillis: 60_000 });
  try {
    return (await child.receive('result')).nanos;
  } finally {
    await child.end();
  }
}

export async function context({ short }) {
  const rounds = short ? 9 : 41;
  const figures = {};
  for (const variant of Object.keys({ ...RECORDS, ...CALLS })) figures[variant] = await measure(variant, rounds);
  const more = (variant) => (variant in RECORDS ? figures[variant] - figures.bare : figures[variant]);
  const rows = [
    ...Object.entries(RECORDS).map(([variant, title]) => [title, whole(figures[variant]), whole(more(variant))]),
    ...Object.entries(CALLS).map(([variant, title]) => [title, whole(figures[variant]), '–']),
  ];
  const goals = Object.entries(GOALS).map(([variant, nanos]) =>
    goal(`${RECORDS[variant] ?? CALLS[variant]}, µs more`, more(variant) / 1_000, nanos / 1_000),
  );
  return {
    title: `Context: medians of ${rounds} rounds, AsyncLocalStorage in use`,
    text: `${table(['ns per record or call', 'whole', 'more'], rows)}\n\n${goalTable(goals)}`,
    goals,
    figures,
  };
}
