import type { Clock } from '../clock.ts';
import { BACKOFF_DEFAULTS, type BackoffOptions, backoffMillis } from './backoff.ts';

/** When sending pauses, and for how long: counts and milliseconds, at least 1. */
export interface CircuitBreakerOptions extends BackoffOptions {
  /** Consecutive failures (5xx, timeout, reset) that open the circuit. Default 5. */
  readonly failureThreshold: number;
  /** Consecutive failures to connect at all (refused, DNS) that open it. Default 3. */
  readonly connectFailureThreshold: number;
  /** Wait between probes while the platform refuses our settings (401, 403, 404, …). Default 60,000 ms. */
  readonly holdMillis: number;
}

/** 5 failures, 3 to connect, breaks of 1 s to 60 s, a probe a minute while held. */
export const CIRCUIT_BREAKER_DEFAULTS: CircuitBreakerOptions = {
  ...BACKOFF_DEFAULTS,
  failureThreshold: 5,
  connectFailureThreshold: 3,
  holdMillis: 60_000,
};

/**
 * `closed`: sending · `open`: waiting for the next probe · `half-open`: one probe under way · `throttled`: the
 * platform asked for a pause · `held`: it refuses our settings.
 */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'throttled' | 'held';

/** Leave to send one request; its outcome is reported with it. */
export interface Permit {
  readonly generation: number;
  /** The only request that is allowed now; everything hangs on it. */
  readonly probe: boolean;
  /** The probe of a held circuit, to be made with as little data as possible. */
  readonly small: boolean;
}

/** Openings are forgotten only after this many successes, or a flapping platform would start over each time. */
const CALM_SUCCESSES = 10;

/**
 * Decides when requests may be sent; never sends. Time is compared when asked, no timer holds any state:
 *
 *     closed ──threshold──▶ open ──break over──▶ half-open ──success──▶ closed
 *        ▲                   ▲                       │
 *        │                   └────────failure────────┘
 *        └─ throttled / held: the same half-open door, other waits
 *
 * Consecutive failures are counted, not rates: we send a few requests a second, and windows with a minimum of calls
 * would never fill. Opening loses nothing, the records wait.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #clock: Clock;
  #state: CircuitState = 'closed';
  /** When the next request may go (monotonic). */
  #until = 0;
  /** Reports of older generations are late and ignored. */
  #generation = 0;
  #failures = 0;
  #connectFailures = 0;
  #openings = 0;
  #successes = 0;
  #throttles = 0;
  #probing = false;
  #reason: string | undefined;

  constructor(options: CircuitBreakerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get state(): CircuitState {
    if (this.#probing) return 'half-open';
    return this.#state;
  }

  /** Why the circuit is not closed. */
  get reason(): string | undefined {
    return this.#state === 'closed' ? undefined : this.#reason;
  }

  /** How often the circuit opened or was held. */
  trips = 0;

  /** A permit, or the monotonic time at which to ask again (`Infinity`: when the probe under way has ended). */
  admit(now: number): Permit | { readonly retryAt: number } {
    if (this.#probing) return { retryAt: Number.POSITIVE_INFINITY };
    if (now < this.#until) return { retryAt: this.#until };
    if (this.#state === 'closed') return { generation: this.#generation, probe: false, small: false };
    this.#probing = true;
    return { generation: this.#generation, probe: true, small: this.#state === 'held' };
  }

  succeeded(permit: Permit): void {
    if (permit.generation !== this.#generation) return;
    this.#successes += 1;
    if (this.#successes >= CALM_SUCCESSES) this.#openings = 0;
    this.#failures = 0;
    this.#connectFailures = 0;
    this.#throttles = 0;
    if (permit.probe) this.#enter('closed', 0);
  }

  /** `minimumMillis` is what the platform asked for; it never shortens our own wait. */
  failed(permit: Permit, reason: string, connect = false, minimumMillis = 0): void {
    if (permit.generation !== this.#generation) return;
    this.#successes = 0;
    this.#failures += 1;
    this.#connectFailures = connect ? this.#connectFailures + 1 : 0;
    const trips =
      permit.probe ||
      this.#failures >= this.#options.failureThreshold ||
      this.#connectFailures >= this.#options.connectFailureThreshold;
    const attempt = trips ? this.#openings : this.#failures - 1;
    const wait = Math.max(backoffMillis(attempt, this.#options, this.#clock), minimumMillis);
    if (!trips) {
      this.#until = Math.max(this.#until, this.#clock.now() + wait);
      return;
    }
    this.#openings += 1;
    if (!permit.probe) this.trips += 1;
    this.#enter('open', wait, reason);
  }

  /** A pause of `millis`; our own back-off when the platform named none, or one so short that we would not pause. */
  throttled(permit: Permit, reason: string, millis: number | undefined): void {
    if (permit.generation !== this.#generation) return;
    const own = backoffMillis(this.#throttles, this.#options, this.#clock);
    this.#throttles += 1;
    const asked = millis ?? 0;
    const jitter = Math.min(5_000, asked * 0.1) * this.#clock.random();
    this.#enter('throttled', asked < this.#options.initialDelayMillis ? own : asked + jitter, reason);
  }

  held(permit: Permit, reason: string, millis = this.#options.holdMillis): void {
    if (permit.generation !== this.#generation) return;
    if (this.#state !== 'held') this.trips += 1;
    this.#enter('held', millis, reason);
  }

  /** A permit that came to nothing: there was no record to send, or the request was cancelled. */
  unused(permit: Permit): void {
    if (permit.generation === this.#generation && permit.probe) this.#probing = false;
  }

  #enter(state: CircuitState, millis: number, reason?: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#probing = false;
    this.#generation += 1;
    this.#until = this.#clock.now() + millis;
  }
}
