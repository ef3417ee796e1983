import type { CheckContext, Checker, CheckResult } from '../../src/sink/check.ts';
import { defaultCredentials as keys } from '../../src/sink/credentials.ts';
import { json } from './http.ts';

// For the tests of rules that no capture shows: checkers are pure functions and need no server.

export const nowSeconds = 1_800_000_000;
const context = (logtideServer: 'A' | 'B' = 'B'): CheckContext => ({
  credentials: keys,
  logtideServer,
  nowMillis: nowSeconds * 1000,
  sequence: 0,
});

interface Given {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly channel?: 'logs' | 'events';
  readonly server?: 'A' | 'B';
}

export const check = (checker: Checker, { path, body, headers = {}, channel = 'logs', server }: Given): CheckResult =>
  checker(
    {
      channel,
      path,
      query: '',
      headers: { ...json, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
    context(server),
  );

/** Status and reason; `[200, undefined]` is full acceptance. */
export const verdict = ({ answer }: CheckResult): [number, string | undefined] => [answer.status, answer.reason];
export const accepted = [200, undefined];

export { keys };
