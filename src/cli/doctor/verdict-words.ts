import type { HttpAnswer } from '../../delivery/endpoint.ts';
import type { Verdict } from '../../delivery/verdict.ts';

/** What a verdict means to whoever has to put it right. */
export interface VerdictWords {
  readonly status: 'warning' | 'error';
  readonly what: string;
  readonly fix: string;
}

/** Where a redirect leads: host and no path, which may hold a key. */
function target(answer: HttpAnswer): string {
  try {
    return new URL(answer.headers.location ?? '').origin;
  } catch {
    return 'another path of this server';
  }
}

function held(answer: HttpAnswer): VerdictWords {
  const { status } = answer;
  if (status === 401) {
    return { status: 'error', what: 'the key is refused (401)', fix: 'check the key, and that it is for this server' };
  }
  if (status === 403) {
    return {
      status: 'error',
      what: 'the key is known but may not write here (403)',
      fix: 'give it the right to write, or take this address off its list of allowed ones',
    };
  }
  if (status === 404 || status === 405 || status === 410) {
    return {
      status: 'error',
      what: `there is no ingest at this address (${status})`,
      fix: 'check the path of the address, and that it is the platform’s server',
    };
  }
  if (status >= 300 && status < 400) {
    return {
      status: 'error',
      what: `the server redirects to ${target(answer)} (${status}); logferry follows no redirect`,
      fix: 'put the final address into the variable',
    };
  }
  if (status === 402 || status === 429 || status === 507) {
    return { status: 'error', what: `the quota is used up (${status})`, fix: 'raise it, or send less' };
  }
  if (status === 407) {
    return { status: 'error', what: 'a proxy asks for a password (407)', fix: 'connect directly' };
  }
  return { status: 'error', what: `the server does not take such requests (${status})`, fix: 'check the address' };
}

function reasonOf(verdict: Verdict): string {
  return 'reason' in verdict ? verdict.reason : 'record rejected';
}

/** What an answer other than "stored" means. Quotes nothing of the answer: it may repeat a key. */
export function verdictWords(verdict: Verdict, answer: HttpAnswer): VerdictWords {
  const reason = reasonOf(verdict);
  const { status } = answer;
  switch (verdict.kind) {
    case 'held':
      return held(answer);
    case 'throttled':
      return { status: 'warning', what: 'the server is being asked too much (429)', fix: 'try again later' };
    case 'unstored':
      return {
        status: 'error',
        what: `the server answers ${status} but stores nothing (${reason})`,
        fix: 'have its storage looked at; records wait meanwhile',
      };
    case 'tooLarge':
      return { status: 'error', what: 'even a small record is too large (413)', fix: 'raise the limit of the proxy' };
    case 'transient':
      return {
        status: 'error',
        what: `the server is in trouble or is another one (${reason})`,
        fix: 'check that the address is the platform’s; otherwise have the server looked at',
      };
    case 'refused':
    case 'delivered':
      return {
        status: 'error',
        what: `the record is refused (${reason})`,
        fix: 'check that the address is the platform’s and its version is a known one',
      };
  }
}
