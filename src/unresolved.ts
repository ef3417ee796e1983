import type { Clock } from './clock.ts';
import type { EmittedRecord } from './record/record.ts';

type Resource = EmittedRecord['resource'];

/** A detector that asks a cloud's metadata service may never hear from it. */
const PATIENCE_MILLIS = 10_000;
/** Beyond so many, records go with what is known of the resource by then. */
const MAX_WAITING = 2_048;

/**
 * Records of resources whose attributes are still being detected. They are kept in their first version at once and get
 * their final one when the resource is known, ten seconds later at the latest.
 */
export class Unresolved {
  readonly #clock: Clock;
  readonly #waiting = new Map<Resource, (() => void)[]>();
  /** Resources that have had their time: a detector that hangs must not delay, and double, every record to come. */
  readonly #done = new WeakSet<Resource>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a record of this resource is to wait for it. */
  concerns(resource: Resource | undefined): boolean {
    if (resource?.asyncAttributesPending !== true) return false;
    return this.#count < MAX_WAITING && !this.#done.has(resource);
  }

  /** Calls `settle` when the resource is known. */
  add(resource: Resource, settle: () => void): void {
    this.#count += 1;
    const waiting = this.#waiting.get(resource);
    if (waiting !== undefined) {
      waiting.push(settle);
      return;
    }
    this.#waiting.set(resource, [settle]);
    void this.#wait(resource);
  }

  /** Settles everything with what is known now. */
  settleAll(): void {
    for (const resource of [...this.#waiting.keys()]) this.#settle(resource);
  }

  async #wait(resource: Resource): Promise<void> {
    // The resource may be anybody's, and throw.
    const known = async (): Promise<unknown> => resource.waitForAsyncAttributes?.();
    await Promise.race([known().catch(() => {}), this.#clock.sleep(PATIENCE_MILLIS)]);
    this.#done.add(resource);
    this.#settle(resource);
  }

  #settle(resource: Resource): void {
    const waiting = this.#waiting.get(resource) ?? [];
    this.#waiting.delete(resource);
    this.#count -= waiting.length;
    for (const settle of waiting) settle();
  }
}
