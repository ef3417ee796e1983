// Kills an application again and again and asks the oracle what arrived: `node test/chaos/run.mjs`.
//
//     --kills 200            at any moment, healthy server
//     --faults               the same number again with 5 % 503 and 2 % resets after storing
//     --recovery-kills 200   while it takes over and sends what others left behind
//     --bisect-kills 50      with poison records that the server refuses
//     --drop-kills 50        while the oldest segments fall to the disk cap
//     --rate 2000 --seed 1   records per second; the seed of every moment and fault
//     --short                a few of each
//     --patience-seconds 90  for the last life to deliver everything
//     --memory               the control: an application without a spool, which must fail
//
// Prints a table; exits 1 when a record was lost, changed or invented, or too many came twice.
import { parseArgs } from 'node:util';
import { killRun, WINDOW } from './kill.mjs';

const number = (text, fallback) => (text === undefined ? fallback : Number(text));

function readArguments() {
  const options = { faults: { type: 'boolean' }, short: { type: 'boolean' }, memory: { type: 'boolean' } };
  for (const name of ['kills', 'recovery-kills', 'bisect-kills', 'drop-kills', 'seed', 'rate', 'patience-seconds']) {
    options[name] = { type: 'string' };
  }
  const { values } = parseArgs({ options });
  const given = Object.keys(values).some((name) => name.endsWith('kills') || name === 'faults');
  const usual = (full, short) => (given ? 0 : values.short ? short : full);
  const kills = number(values.kills, usual(200, 2));
  return {
    seed: number(values.seed, Math.floor(Math.random() * 1e9)),
    rate: number(values.rate, 2_000),
    patienceMillis: 1_000 * number(values['patience-seconds'], 90),
    memory: values.memory ?? false,
    modes: [
      ['healthy', kills],
      ['faults', values.faults || !given ? kills : 0],
      ['recovery', number(values['recovery-kills'], usual(200, 4))],
      ['bisect', number(values['bisect-kills'], usual(50, 1))],
      ['drop', number(values['drop-kills'], usual(50, 1))],
    ].filter(([, count]) => count > 0),
  };
}

/** How many more came twice after each kill. */
function perKill(duplicates) {
  const steps = duplicates.map((sum, index) => sum - (duplicates[index - 1] ?? 0));
  return { most: Math.max(0, ...steps), mean: steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length) };
}

function rowOf({ name, kills, acknowledged, report, lost, duplicates, undelivered, mostBytes, seconds }) {
  const { most, mean } = perKill(duplicates);
  return {
    mode: name,
    kills,
    acknowledged,
    delivered: report.ids,
    lost: lost?.length ?? '?',
    undelivered,
    wrong: report.wrong,
    foreign: report.foreign,
    duplicates: report.duplicates,
    'most per kill': most,
    'mean per kill': Math.round(mean),
    allowed: WINDOW,
    'most KB on disk': Math.round(mostBytes / 1_024),
    seconds: Math.round(seconds),
  };
}

const { modes, ...settings } = readArguments();
const runs = [];
for (const [mode, kills] of modes) runs.push(await killRun({ mode, kills, ...settings }));
console.table(runs.map(rowOf));
console.info(`seed ${settings.seed}, ${settings.rate} records/s`);
for (const { name, problems, directory } of runs) {
  for (const problem of problems) console.error(`${name}: ${problem} (spool: ${directory})`);
}
process.exitCode = runs.some(({ problems }) => problems.length > 0) ? 1 : 0;
