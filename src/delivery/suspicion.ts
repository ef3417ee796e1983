import type { Batch } from '../codec/batch.ts';
import type { Attempt } from './attempt.ts';
import type { Permit } from './circuit-breaker.ts';
import { OFTEN } from './queue.ts';
import type { Impediment } from './verdict.ts';

/** With this many failures in a row it is the platform rather than one batch. */
const MANY_FAILURES = 2;

/** An attempt that may have failed for what it carried. */
export type Blamed = Attempt & { readonly verdict: Impediment };

/** 5xx, a timeout, a reset: the platform was reached, so what it was sent may be the reason. */
export function mayBlameContent(attempt: Attempt): attempt is Blamed {
  const { verdict, aborted } = attempt;
  return verdict.kind === 'transient' && verdict.connect !== true && !aborted;
}

/** Tells a batch that may itself be the reason of its failures from a platform in trouble. */
export class Suspicion {
  /** Failures since the last delivery; before the first one nothing proves that the platform works at all. */
  #failures = Number.POSITIVE_INFINITY;

  /** Whether a batch has come back often and fails although others have just been delivered. */
  fallsOn(batch: Batch, permit: Permit, attempt: Attempt): attempt is Blamed {
    return !permit.probe && batch.attempts >= OFTEN && this.#failures < MANY_FAILURES && mayBlameContent(attempt);
  }

  heard(attempt: Attempt): void {
    if (attempt.verdict.kind === 'delivered') this.#failures = 0;
    else if (mayBlameContent(attempt)) this.#failures += 1;
  }
}
