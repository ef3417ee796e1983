// A process that answers what platforms and collectors answer, counts what arrives, and can be slow or out of order for
// a while, or never answer (`hangs`). It notes when the first record below number `freshFrom` has arrived. The parent sends { kind: 'listen' | 'reset' | 'count' }; answers come back the same way.
import { createServer } from 'node:http';
import { Arrivals } from '../counting.mjs';

let script = {};
let begun = 0;
let arrivals = new Arrivals();
let requests = 0;
let refused = 0;
let wireBytes = 0;
let firstOldAt;
const bytesSeen = new WeakMap();

function countWire(socket) {
  wireBytes += socket.bytesRead - (bytesSeen.get(socket) ?? 0);
  bytesSeen.set(socket, socket.bytesRead);
}

function isOut() {
  const { outage } = script;
  const elapsed = Date.now() - begun;
  return outage !== undefined && elapsed >= outage.fromMillis && elapsed < outage.toMillis;
}

/** Entries are counted in the body, never assumed: a wrong `received` would make losses look like deliveries. */
function answer(request, response, body) {
  requests += 1;
  countWire(request.socket);
  if (script.hangs) return;
  if (isOut()) {
    refused += 1;
    response.writeHead(503, { 'retry-after': String(script.outage.retryAfterSeconds) }).end();
    return;
  }
  const received = arrivals.note(body);
  if (arrivals.lowest < script.freshFrom) firstOldAt ??= Date.now();
  const protobuf = request.headers['content-type'] === 'application/x-protobuf';
  const text = protobuf ? '' : request.url.startsWith('/api/v1/ingest') ? `{"received":${received}}` : '{}';
  response.writeHead(200, {
    'content-type': protobuf ? 'application/x-protobuf' : 'application/json',
    'content-length': text.length,
  });
  if (script.delayMillis > 0) setTimeout(() => response.end(text), script.delayMillis);
  else response.end(text);
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => answer(request, response, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
  // An application that ends in the middle of a request is no failure of the server.
  request.on('error', () => {});
});
server.keepAliveTimeout = 120_000;

process.on('message', (message) => {
  if (message.kind === 'listen') {
    script = message.script;
    server.listen(0, '127.0.0.1', () => process.send({ kind: 'listening', port: server.address().port }));
  } else if (message.kind === 'reset') {
    arrivals = new Arrivals();
    requests = refused = wireBytes = 0;
    firstOldAt = undefined;
    begun = Date.now();
    process.send({ kind: 'reset' });
  } else if (message.kind === 'count') {
    process.send({
      kind: 'count',
      unique: arrivals.unique,
      total: arrivals.total,
      requests,
      refused,
      wireBytes,
      firstOldAt,
      inRange: message.range && arrivals.between(...message.range),
    });
  }
});
process.on('disconnect', () => process.exit());
