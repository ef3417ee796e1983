/** gRPC's retry throttling numbers (proposal A6): a burst of ten, then one retry per ten successes. */
const CAPACITY = 10;
const PER_SUCCESS = 0.1;

/**
 * A token bucket that bounds what retries add to a struggling platform's load to a tenth. A refused retry loses
 * nothing: the records wait.
 */
export class RetryBudget {
  #tokens = CAPACITY;

  get available(): boolean {
    return this.#tokens >= 1;
  }

  retried(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  succeeded(): void {
    this.#tokens = Math.min(CAPACITY, this.#tokens + PER_SUCCESS);
  }
}
