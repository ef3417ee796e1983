// One cell: a small service, started with us in front of it, is asked twice; what has become of its log lines?
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { nameOf } from './cells.mjs';

const LIMIT_MILLIS = 30_000;
const SERVER = 1;
const REQUESTS = [1, 2];
/** `console.info` has no attributes and another level. */
const EXPECTED = { console: { level: 'info', answer: undefined } };
const USUALLY = { level: 'warn', answer: 42 };

/** The child, the port that it has printed, and its end. */
function start({ node, folder, env }, { column, format }) {
  const child = spawn(node, [...column.flags, `${column.logger}.${format}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env, ...column.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  const killer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MILLIS);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => clearTimeout(killer));
  const listening = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said.stdout += text;
      const port = /^port (\d+)$/m.exec(said.stdout)?.[1];
      if (port !== undefined) resolve(port);
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.stderr += text;
  });
  return { child, said, ended, listening };
}

/** Makes a request from within a trace; the answer is the span that was active in the service. */
async function ask(port, message) {
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
  const response = await fetch(`http://127.0.0.1:${port}${message}`, { headers });
  return { message, traceId, span: await response.json() };
}

class Complaints {
  wrong = [];

  expect(what, actual, wanted) {
    if (actual !== wanted) this.wrong.push(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  }

  /** Exactly one record, with everything that the request has given it. */
  request({ message, traceId, span }, all, { level, answer }) {
    const records = all.filter(({ record }) => record.message === message);
    this.expect(`${message}: number of records`, records.length, 1);
    this.expect(`${message}: kind of the active span`, span.kind, SERVER);
    this.expect(`${message}: trace id of the active span`, span.traceId, traceId);
    if (records.length === 0) return;
    const [{ record }] = records;
    this.expect(`${message}: level`, record.level, level);
    this.expect(`${message}: trace_id`, record.trace_id, traceId);
    this.expect(`${message}: span_id`, record.span_id, span.spanId);
    this.expect(`${message}: attribute "answer"`, record.metadata.answer, answer);
  }

  process({ stdout, stderr }, { signal }, logger) {
    this.expect('the ending signal', signal, 'SIGTERM');
    // One start line and nothing else: no warnings of Node, OpenTelemetry or us.
    if (!/^logferry \d+\.\d+\.\d+: [^\n]*\n$/.test(stderr)) this.wrong.push(`stderr is ${JSON.stringify(stderr)}`);
    // What a logger prints it prints once more with us, and no more than that.
    const lines = stdout.split('\n').length - 1;
    this.expect('the number of lines on stdout', lines, logger === 'api' ? 1 : 1 + REQUESTS.length);
  }
}

/** Runs a cell; `{ verdict: 'ok' }` or `{ verdict: 'failed', wrong }`. */
export async function runCell(cell, { node, folder, sink }) {
  const { logger } = cell.column;
  const env = Object.fromEntries(Object.entries(sink.env()).filter(([name]) => name.startsWith('LOGTIDE_')));
  const { child, said, ended, listening } = start({ node, folder, env }, cell);
  const port = await Promise.race([listening, ended.then(() => undefined)]);
  if (port === undefined) {
    return { verdict: 'failed', wrong: [`it did not start: ${JSON.stringify({ ...(await ended), ...said })}`] };
  }
  const asked = [];
  try {
    for (const number of REQUESTS) asked.push(await ask(port, `/${nameOf(cell)}/${number}`));
  } finally {
    child.kill('SIGTERM');
  }
  const end = await ended;
  const complaints = new Complaints();
  const records = sink.records('logtide');
  for (const one of asked) complaints.request(one, records, EXPECTED[logger] ?? USUALLY);
  complaints.process(said, end, logger);
  const { wrong } = complaints;
  return wrong.length === 0 ? { verdict: 'ok' } : { verdict: 'failed', wrong };
}
