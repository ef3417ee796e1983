import { type Finding, finding } from './finding.ts';

const NOTICEABLE_MILLIS = 30_000;
/** A token is renewed five minutes before it expires; a clock that is slower than that makes it expire in use. */
const TOKEN_TOLERANCE_MILLIS = 300_000;
/** A `Date` header has whole seconds: on average it was cut by half a second. */
const HALF_SECOND_MILLIS = 500;

function length(millis: number): string {
  const seconds = Math.round(Math.abs(millis) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/**
 * `DR026`: the clock of this machine against the server's.
 *
 * @param date the `Date` header of an answer.
 * @param atMillis when that answer came, by our clock.
 * @param signs whether the platform takes tokens that are valid for a time only.
 */
export function checkClock(date: string | undefined, atMillis: number, signs: boolean): Finding {
  const server = Date.parse(date ?? '');
  if (Number.isNaN(server)) return finding('DR026', 'skipped', 'no answer said what time it is there');
  const skewMillis = Math.round(atMillis - (server + HALF_SECOND_MILLIS));
  const details = { skewMillis };
  const amount = Math.abs(skewMillis);
  if (amount <= NOTICEABLE_MILLIS) return finding('DR026', 'ok', 'the clocks agree', { details });
  const side = skewMillis > 0 ? 'ahead of' : 'behind';
  const what = `the clock of this machine is ${length(skewMillis)} ${side} the server's`;
  if (signs && amount > TOKEN_TOLERANCE_MILLIS) {
    return finding('DR026', 'error', `${what}: signed tokens are not valid`, {
      fix: 'set the clock, by NTP for example',
      details,
    });
  }
  return finding('DR026', 'warning', `${what}; records carry the wrong time`, {
    fix: 'set the clock, by NTP for example',
    details,
  });
}
