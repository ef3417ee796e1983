import { isObject } from './check.ts';
import { isSinkPlatform, type SinkAnswer, type SinkFaults, type SinkPlatform } from './types.ts';

/** What a fault makes of a request: an answer, silence, a cut connection, or `undefined` for normal treatment. */
export type FaultEffect = SinkAnswer | 'hang' | 'reset' | undefined;

/** Decides whether a request falls to a fault. `random` is asked only when `fail` is set. */
export function faultEffect(
  faults: SinkFaults,
  platform: SinkPlatform,
  logtideServer: 'A' | 'B',
  random: () => number,
): FaultEffect {
  if (faults.reset === true) return 'reset';
  if (faults.hang === true) return 'hang';
  const status = faults.status ?? (faults.fail && random() < faults.fail.ratio ? faults.fail.status : undefined);
  if (status === undefined) return undefined;
  const retryAfter = faults.retryAfterSeconds;
  const answer = {
    status,
    body: faultBody(platform, logtideServer, status, retryAfter),
    reason: `injected fault: status ${status}`,
  };
  return retryAfter === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfter) } };
}

/** An error body in the platform's own style where that is known (LogTide, Trakerr). */
function faultBody(platform: SinkPlatform, server: 'A' | 'B', status: number, retryAfter: number | undefined): unknown {
  if (platform === 'trakerr') return { code: status, message: 'injected fault', fields: '' };
  if (platform !== 'logtide') return { error: 'injected fault', status };
  if (status === 429) {
    const message = `Rate limit exceeded, retry in ${retryAfter ?? 60} seconds`;
    return server === 'A'
      ? { statusCode: status, error: 'Too Many Requests', message }
      : { statusCode: status, error: message };
  }
  // B hides what went wrong, A shows it.
  const base = { statusCode: status, error: status >= 500 ? 'Internal Server Error' : 'injected fault' };
  return server === 'A' ? { ...base, message: 'injected fault' } : base;
}

const names = new Set(['fail', 'status', 'retryAfterSeconds', 'latencyMillis', 'hang', 'reset']);
const maxMillis = 2_147_483_647;

function numberIn(name: string, value: unknown, min: number, max: number, whole: boolean): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return;
  const kind = whole ? 'an integer' : 'a number';
  throw new RangeError(`faults.${name} must be ${kind} from ${min} to ${max}, got ${JSON.stringify(value)}`);
}

function flag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`faults.${name} must be true or false, got ${JSON.stringify(value)}`);
}

/**
 * Takes faults from outside (options, control endpoint). Throws `TypeError` on a wrong type or an unknown name and
 * `RangeError` on a value out of range, naming both.
 */
function checkedFaults(faults: unknown): SinkFaults {
  if (!isObject(faults)) throw new TypeError('faults must be an object');
  for (const name of Object.keys(faults)) {
    if (!names.has(name)) throw new TypeError(`faults.${name} is unknown; known are ${[...names].join(', ')}`);
  }
  const { fail } = faults;
  if (fail !== undefined) {
    if (!isObject(fail)) throw new TypeError('faults.fail must be { status, ratio }');
    const { status = Number.NaN, ratio = Number.NaN } = fail;
    numberIn('fail.status', status, 200, 599, true);
    numberIn('fail.ratio', ratio, 0, 1, false);
  }
  numberIn('status', faults.status, 200, 599, true);
  numberIn('retryAfterSeconds', faults.retryAfterSeconds, 0, maxMillis, true);
  numberIn('latencyMillis', faults.latencyMillis, 0, maxMillis, false);
  flag('hang', faults.hang);
  flag('reset', faults.reset);
  return faults as SinkFaults;
}

/** The faults of each platform. */
export class FaultBoard {
  readonly #faults = new Map<SinkPlatform, SinkFaults>();

  /** Replaces the faults of one platform, or of all. Throws as `checkedFaults` does. */
  set(faults: unknown, platforms: readonly SinkPlatform[]): void {
    const checked = checkedFaults(faults);
    for (const platform of platforms) this.#faults.set(platform, checked);
  }

  get(platform: SinkPlatform): SinkFaults {
    return this.#faults.get(platform) ?? {};
  }
}

/** Takes a platform's name from outside, or throws `RangeError`. */
export function checkedPlatform(name: unknown): SinkPlatform {
  if (isSinkPlatform(name)) return name;
  throw new RangeError(
    `platform ${JSON.stringify(name)} is unknown; known are odysseus, logtide, redarch, loggier, trakerr`,
  );
}
