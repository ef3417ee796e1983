// `npm run bench`: what logferry costs and loses beside its peers. Trust ratios inside one run, not absolute figures.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { machineLine } from './report.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The peers are measured against, not depended on: they have lockfiles of their own and come with the first run. */
function installPeers(folder, witness) {
  if (existsSync(new URL(`${folder}node_modules/${witness}`, import.meta.url))) return;
  process.stderr.write(`installing the peers (npm ci in bench/${folder})\n`);
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: join(HERE, folder),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`npm ci in bench/${folder} failed (${error?.message ?? status})`);
}

/** Sections load the peers, so they are imported only after those are installed. */
const LOADERS = {
  throughput: async () => (await import('./sections/throughput.mjs')).throughput,
  encode: async () => (await import('./sections/encode.mjs')).encode,
  redact: async () => (await import('./sections/redact.mjs')).redact,
  context: async () => (await import('./sections/context.mjs')).context,
  'http-logs': async () => (await import('./sections/http-logs.mjs')).httpLogs,
  outage: async () => (await import('./sections/outage.mjs')).outage,
  single: async () => (await import('./sections/single.mjs')).single,
  startup: async () => (await import('./sections/startup.mjs')).startup,
  slow: async () => (await import('./sections/slow.mjs')).slow,
  'spool-emit': async () => (await import('./sections/spool-emit.mjs')).spoolEmit,
  'spool-stall': async () => (await import('./sections/spool-stall.mjs')).spoolStall,
  'spool-recovery': async () => (await import('./sections/spool-recovery.mjs')).spoolRecovery,
  'spool-outage': async () => (await import('./sections/spool-outage.mjs')).spoolOutage,
  'spool-loss': async () => (await import('./sections/spool-loss.mjs')).spoolLoss,
};

async function main(options) {
  if (options.dist !== undefined) process.env.LOGFERRY_BENCH_DIST = resolve(options.dist);
  installPeers('', '@opentelemetry/sdk-logs');
  if (options.only.includes('startup')) installPeers('startup/', '@opentelemetry/auto-instrumentations-node');
  const { check } = await import('./checks.mjs');
  await check();
  const begun = performance.now();
  console.log(machineLine());
  const results = {};
  for (const name of options.only) {
    const section = await LOADERS[name]();
    const started = performance.now();
    const { title, text, goals, figures } = await section(options);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`\n${title} (${seconds} s)\n\n${text}`);
    results[name] = { title, seconds, goals: goals.map(({ row: _, ...goal }) => goal), figures };
  }
  const goals = Object.values(results).flatMap((result) => result.goals);
  const count = (verdict) => goals.filter((goal) => goal.verdict === verdict).length;
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(
    `\nGoals: ${count('ok')} ok, ${count('MISSED')} missed, ${count('not measured')} not measured; ${seconds} s`,
  );
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine: machineLine(), options, results }, undefined, 2)}\n`);
  }
}

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exit(64);
}
if (options.help) console.log(options.usage);
else await main(options);
