import type { IncomingMessage } from 'node:http';

/** The largest body that is read, in bytes: LogTide's 50 MiB (LogTide's wire contract §1.1). */
const maxBodyBytes = 52_428_800;

/** How reading ended: the body, a body over the limit, or a client that left in the middle. */
export type BodyOutcome = Buffer | 'too-large' | 'aborted';

/**
 * Reads a request's body and calls `done` once. Callbacks instead of a promise: this is on the path of every request.
 * A `Content-Length` over the limit is answered from the header alone; a chunked body as soon as it passes the limit.
 */
export function readBody(request: IncomingMessage, done: (outcome: BodyOutcome) => void): void {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
    done('too-large');
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  const finish = (outcome: BodyOutcome): void => {
    if (ended) return;
    ended = true;
    done(outcome);
  };
  request.on('data', (chunk: Buffer) => {
    if (ended) return;
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      chunks.length = 0;
      finish('too-large');
    } else {
      chunks.push(chunk);
    }
  });
  request.on('end', () => finish(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  request.on('error', () => finish('aborted'));
  request.on('close', () => finish('aborted'));
}
