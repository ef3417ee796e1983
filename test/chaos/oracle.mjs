// The judge of the chaos tests, in a process of its own that is never killed: a platform that remembers every record
// it was sent. Prints `{"port":…,"control":…}` and ends when its stdin is closed.
//
//     POST <port>/…                    a JSON array of records, {"logs":[…]} or one record
//     POST <control>/_oracle/faults    {"status503":0.05,"reset":0.02,"delayMillis":5,"refuse":true,"seed":1}
//     GET  <control>/_oracle/report    totals; ?prefix= names whose applications are ours
//     POST <control>/_oracle/check     {"prefix":"app","count":n} or a list of these: what is missing
import { createServer } from 'node:http';
import { Book } from './book.mjs';
import { readMessage } from './message.mjs';
import { randomOf } from './random.mjs';

const HEALTHY = { status503: 0, reset: 0, delayMillis: 0, refuse: false };

const book = new Book();
const sums = { requests: 0, bytes: 0, answered503: 0, resets: 0, resetRecords: 0, refusals: 0, largestRequest: 0 };
let faults = HEALTHY;
let random = randomOf(1);

function bodyOf(request) {
  return new Promise((resolve) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    // A sender that is killed in the middle of an upload has delivered nothing.
    request.on('error', () => resolve(undefined));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function recordsOf(value) {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return Array.isArray(value.logs) ? value.logs : [value];
}

/** The message stands under a different name on each platform; it is the text with an id. */
function readRecord(record) {
  for (const value of Object.values(record ?? {})) {
    const read = typeof value === 'string' ? readMessage(value) : undefined;
    if (read !== undefined) return read;
  }
  return undefined;
}

function ingest(response, text) {
  const records = recordsOf(parse(text));
  if (records === undefined) return answer(response, 400, { error: 'not JSON' });
  const read = records.map(readRecord);
  if (read.some((each) => each?.poison)) {
    sums.refusals += 1;
    return answer(response, 400, { error: 'refused' });
  }
  if (random() < faults.status503) {
    sums.answered503 += 1;
    return answer(response, 503, { error: 'unavailable' });
  }
  for (const each of read) book.enter(each);
  sums.bytes += Buffer.byteLength(text);
  sums.largestRequest = Math.max(sums.largestRequest, read.length);
  if (random() < faults.reset) {
    // Stored, but the sender cannot know.
    sums.resets += 1;
    sums.resetRecords += read.length;
    return response.socket?.resetAndDestroy();
  }
  const reply = () => answer(response, 200, { received: read.length, timestamp: new Date().toISOString() });
  return faults.delayMillis > 0 ? setTimeout(reply, faults.delayMillis) : reply();
}

const platform = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  const text = await bodyOf(request);
  if (text === undefined) return;
  sums.requests += 1;
  ingest(response, text);
});

function listen(server, port) {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
}

async function setFaults(wanted) {
  const before = faults;
  faults = { ...HEALTHY, ...wanted };
  if (wanted.seed !== undefined) random = randomOf(wanted.seed);
  if (faults.refuse && !before.refuse) {
    const closed = new Promise((resolve) => platform.close(resolve));
    platform.closeAllConnections();
    await closed;
  }
  if (!faults.refuse && before.refuse) await listen(platform, port);
  return faults;
}

const control = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://oracle');
  const wanted = parse(await bodyOf(request));
  const route = `${request.method} ${pathname}`;
  if (route === 'GET /_oracle/report') {
    return answer(response, 200, { ...book.totals(searchParams.get('prefix') ?? ''), ...sums });
  }
  if (route === 'POST /_oracle/faults') return answer(response, 200, await setFaults(wanted ?? {}));
  if (route === 'POST /_oracle/check')
    return answer(
      response,
      200,
      [wanted].flat().map((range) => book.check(range)),
    );
  return answer(response, 404, { error: 'no such endpoint' });
});

const port = await listen(platform, 0);
process.stdout.write(`${JSON.stringify({ port, control: await listen(control, 0) })}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
