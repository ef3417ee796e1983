import type { LogTideLog } from './log.ts';

/** Ids that were given out lately, so that nothing is given twice. Bounded: the longest unseen is forgotten first. */
export class SeenIds {
  readonly #capacity: number;
  /** Time of each log in milliseconds, the longest unseen first. */
  readonly #times = new Map<string, number>();
  #horizon = Number.NEGATIVE_INFINITY;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Logs up to this time may have been forgotten, so asking for them would bring them a second time. */
  get horizon(): number {
    return this.#horizon;
  }

  has(id: string): boolean {
    return this.#times.has(id);
  }

  /**
   * Notes logs and gives those that were not known. One whose time lies in the future does not move the horizon when it
   * is forgotten.
   */
  take(logs: readonly LogTideLog[], nowMillis: number): readonly LogTideLog[] {
    // Those that are known first, or a new one would push them out just before they are recognised.
    for (const { id } of logs) this.#refresh(id);
    return logs.filter(({ id, time }) => {
      if (this.#times.has(id)) return false;
      this.#times.set(id, Date.parse(time));
      if (this.#times.size > this.#capacity) this.#forget(nowMillis);
      return true;
    });
  }

  #refresh(id: string): void {
    const time = this.#times.get(id);
    if (time === undefined) return;
    this.#times.delete(id);
    this.#times.set(id, time);
  }

  #forget(nowMillis: number): void {
    const [first] = this.#times;
    if (first === undefined) return;
    const [id, timeMillis] = first;
    this.#times.delete(id);
    if (timeMillis <= nowMillis) this.#horizon = Math.max(this.#horizon, timeMillis);
  }
}
