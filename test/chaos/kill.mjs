import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesBelow, deadLetters } from './leftovers.mjs';
import { startLife } from './life.mjs';
import { startOracle } from './oracle-process.mjs';
import { randomOf } from './random.mjs';

/** Sends at most this many records at once: what one kill may send twice. */
const RECORDS_PER_REQUEST = 100;
const REQUESTS_AT_ONCE = 4;
export const WINDOW = RECORDS_PER_REQUEST * REQUESTS_AT_ONCE;

/** A life that says this writes in the background for a while, and promises less. */
/** A segment of each process may be beyond the cap of all. */
const SLACK = 1.1;
/** Looks at the oracle after which nothing more is expected, 50 ms apart. */
const CALM = 6;

const DELIVERY = {
  batch: { maxRecords: RECORDS_PER_REQUEST },
  http: { maxConcurrency: REQUESTS_AT_ONCE, timeoutMillis: 2_000, connectTimeoutMillis: 1_000 },
  circuitBreaker: { initialDelayMillis: 20, maxDelayMillis: 200, holdMillis: 200 },
  timeouts: { shutdownMillis: 2_000 },
};
const SMALL_SEGMENTS = { segmentBytes: 65_536, segmentMillis: 1_000 };

/** 50 to 1,500 ms after the first acknowledgement, more often early: most of the work is in what comes first. */
const anyMoment = (random) => ({ after: 'working', millis: 50 + 1_450 * random() ** 2 });
/** From the moment that the spool is about to be opened. */
const atStart = (random) => ({ after: 'opened', millis: 300 * random() });

/**
 * How lives differ. `faults` are the oracle's for the life with this number, `rate` its records per second, `moment`
 * when it is killed; `poisonEvery`: of so many records one is refused for good; `cap`: the disk the spool may use.
 */
export const MODES = {
  healthy: { moment: anyMoment, faults: () => ({ delayMillis: 20 }) },
  faults: { moment: anyMoment, faults: () => ({ delayMillis: 20, status503: 0.05, reset: 0.02 }) },
  recovery: {
    // Three lives in ten leave a backlog behind; the others are killed while they take it over and send it.
    moment: (random, life) => (life % 10 < 3 ? { after: 'working', millis: 100 + 400 * random() } : atStart(random)),
    faults: (life) => ({ delayMillis: 20, refuse: life % 10 < 3 }),
    rate: (rate, life) => (life % 10 < 3 ? rate * 5 : rate / 4),
    spool: SMALL_SEGMENTS,
  },
  bisect: { moment: anyMoment, faults: () => ({ delayMillis: 20 }), poisonEvery: 150, spool: SMALL_SEGMENTS },
  drop: {
    moment: (random, life) => (life % 2 === 0 ? { after: 'working', millis: 400 * random() } : atStart(random)),
    faults: () => ({ refuse: true }),
    rate: (rate) => rate * 5,
    spool: { ...SMALL_SEGMENTS, maxDiskBytes: 4_194_304 },
  },
};

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Runs `kills` lives of one mode on one spool, each killed, and a last one that delivers everything, for which it has
 * `patienceMillis` once nothing is in the way. `memory`: the control, an application without a spool.
 */
export async function killRun({ mode: name, kills, seed, rate, patienceMillis = 90_000, memory = false }) {
  const mode = MODES[name];
  const random = randomOf(seed);
  const directory = mkdtempSync(join(tmpdir(), `chaos-${name}-`));
  const oracle = await startOracle();
  const begun = performance.now();
  const run = { name, kills, lives: [], duplicates: [], problems: [], mostBytes: 0, patienceMillis, directory };
  const alive = new Set();
  const live = (number, settings = {}) => {
    const life = startLife({
      app: `${name}${seed}life${number}`,
      url: oracle.url,
      directory,
      rate: mode.rate?.(rate, number) ?? rate,
      poisonEvery: mode.poisonEvery,
      spool: mode.spool,
      delivery: DELIVERY,
      memory,
      ...settings,
    });
    alive.add(life);
    return life;
  };
  try {
    for (let number = 0; number < kills; number += 1) {
      await oracle.faults({ seed: seed + number, ...mode.faults(number) });
      await killedLife(run, live(number), mode.moment(random, number));
      if (run.problems.length > 0) break;
      run.mostBytes = Math.max(run.mostBytes, bytesBelow(directory));
      const { duplicates, resetRecords } = await oracle.report();
      run.duplicates.push(duplicates);
      const allowed = WINDOW * (number + 1) + resetRecords;
      if (duplicates > allowed)
        run.problems.push(`${duplicates} duplicates after ${number + 1} kills, over ${allowed}`);
    }
    const cap = mode.spool?.maxDiskBytes;
    if (cap !== undefined && run.problems.length === 0) await backBelowCap(run, live(kills), cap * SLACK);
    await oracle.faults({});
    if (run.problems.length === 0) await lastLife(run, live(kills + 1, { rate: 1_000, count: 100 }), oracle, mode);
    run.report = await oracle.report(`${name}${seed}life`);
    judge(run, mode);
  } finally {
    await Promise.all([...alive].map((life) => life.kill()));
    await oracle.stop();
    if (memory || run.problems.length === 0) rmSync(directory, { recursive: true, force: true });
  }
  run.seconds = (performance.now() - begun) / 1_000;
  return run;
}

/**
 * Lives that end before they have found out what others have left may go beyond the cap together; one that lasts takes
 * it back, although nothing can be delivered yet.
 */
async function backBelowCap(run, life, cap) {
  await life.working;
  const deadline = performance.now() + run.patienceMillis;
  let bytes = bytesBelow(run.directory);
  for (; bytes > cap && performance.now() < deadline; bytes = bytesBelow(run.directory)) await sleep(50);
  if (bytes > cap) run.problems.push(`${bytes} bytes on disk stay over ${cap}`);
  await endLife(run, life);
}

async function killedLife(run, life, { after, millis }) {
  await life[after];
  await sleep(millis);
  await endLife(run, life);
}

async function endLife(run, life) {
  const { code, signal, stderr } = await life.kill();
  run.lives.push({ prefix: life.app, count: life.acknowledged });
  if (signal !== 'SIGKILL') run.problems.push(`${life.app} ended by itself (${code ?? signal}): ${stderr}`);
}

/** The acknowledged records that have not arrived although they must. */
function missing(checks, { poisonEvery = 0, spool = {} }) {
  const isPoison = (n) => poisonEvery > 0 && n % poisonEvery === poisonEvery - 1;
  // What the cap took cannot be told from outside, but it is none of the last life's, which had room enough.
  const owed = spool.maxDiskBytes === undefined ? checks : checks.slice(-1);
  return owed.flatMap(({ prefix, missing: numbers }) =>
    numbers.filter((n) => !isPoison(n)).map((n) => `${prefix}-${n}`),
  );
}

async function lastLife(run, life, oracle, mode) {
  await life.working;
  const ranges = () => [...run.lives, { prefix: life.app, count: life.acknowledged }];
  const deadline = performance.now() + run.patienceMillis;
  let [ids, calm] = [0, 0];
  do {
    await sleep(50);
    const checks = await oracle.check(ranges().map((range) => ({ ...range, limit: Number.MAX_SAFE_INTEGER })));
    const { ids: now } = await oracle.report();
    run.acknowledged = ranges().reduce((sum, { count }) => sum + count, 0);
    run.undelivered = checks.reduce((sum, { missingCount }) => sum + missingCount, 0);
    run.lost = missing(checks, mode);
    if (mode.poisonEvery) run.lost.push(...undead(ranges(), mode.poisonEvery, run.directory));
    calm = run.lost.length === 0 && ids === now ? calm + 1 : 0;
    ids = now;
  } while (calm < CALM && performance.now() < deadline);
  if (run.lost.length > 0)
    run.problems.push(`${run.lost.length} acknowledged records lost, e.g. ${run.lost.slice(0, 5)}`);
  const { code, stdout, stderr } = await life.finish();
  if (code !== 0) run.problems.push(`the last life ended with ${code}: ${stderr}`);
  else run.stats = JSON.parse(stdout).stats;
}

/** The acknowledged poison records that are in no dead-letter file. */
function undead(ranges, poisonEvery, directory) {
  const dead = deadLetters(directory);
  return ranges.flatMap(({ prefix, count }) => {
    const poison = Array.from({ length: Math.floor(count / poisonEvery) }, (_, at) => (at + 1) * poisonEvery - 1);
    return poison.map((n) => `${prefix}-${n}`).filter((id) => !dead.has(id));
  });
}

function judge(run, { spool = {} }) {
  const { wrong, foreign, duplicates, resetRecords, largestRequest, bytes } = run.report;
  const allowed = WINDOW * run.kills + resetRecords;
  if (wrong > 0) run.problems.push(`${wrong} records arrived changed`);
  if (foreign > 0) run.problems.push(`${foreign} records arrived that nobody sent`);
  if (duplicates > allowed) run.problems.push(`${duplicates} duplicates, more than ${allowed}`);
  if (run.undelivered > 0 && bytes < spool.maxDiskBytes / 2) run.problems.push(`only ${bytes} bytes were kept`);
  if (largestRequest > RECORDS_PER_REQUEST) run.problems.push(`a request of ${largestRequest} records`);
}
