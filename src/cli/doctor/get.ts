import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Attempted, attempt, type Surroundings } from './surroundings.ts';

const MAX_BYTES = 262_144;

/** What is kept of an answer. */
export interface GetAnswer {
  readonly status: number;
  readonly date: string | undefined;
  readonly body: string;
  /** Wall-clock milliseconds halfway between question and answer. */
  readonly atMillis: number;
}

function read(response: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (): void => done(Buffer.concat(chunks).toString('utf8'));
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) response.destroy();
  });
  response.on('close', finish);
  response.on('error', () => {});
}

/** Asks one question over a connection of its own; follows no redirect. Never rejects. */
export async function get(
  on: Surroundings,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Attempted<GetAnswer>> {
  const begun = on.clock.wallNow();
  const start = url.startsWith('https:') ? requestHttps : requestHttp;
  const request = start(url, { method: 'GET', headers: { ...headers, connection: 'close' }, agent: false });
  const answered = new Promise<GetAnswer>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      const atMillis = (begun + on.clock.wallNow()) / 2;
      const { statusCode = 0, headers: received } = response;
      read(response, (body) => resolve({ status: statusCode, date: received.date, body, atMillis }));
    });
  });
  request.on('error', () => {});
  request.end();
  const result = await attempt(on, answered);
  request.destroy();
  return result;
}

/** A member of a JSON object; undefined when it is something else. */
export function memberOf(body: string, name: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
