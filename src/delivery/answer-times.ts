/** Weight of an answer in the average: some twenty answers are remembered. */
const WEIGHT = 0.05;
const RECENT = 20;
/** So many of the recent ones must be slow: two of twenty are the 95th percentile, and one alone may be chance. */
const SLOW_ANSWERS = 2;
/** Nothing faster than this is slow, whatever the average: a pause of our own process looks the same. */
const NEVER_SLOW_MILLIS = 1_000;

/** How long a platform takes to answer, to notice that it becomes slow. A platform that always was is not. */
export class AnswerTimes {
  #average: number | undefined;
  #recent: number[] = [];

  /** True when the platform has become slow: the 95th percentile is above twice the average. Then it begins anew. */
  slowedDown(millis: number): boolean {
    const average = this.#average ?? millis;
    this.#average = average + (millis - average) * WEIGHT;
    this.#recent.push(millis);
    if (this.#recent.length > RECENT) this.#recent.shift();
    const slow = Math.max(NEVER_SLOW_MILLIS, 2 * this.#average);
    if (this.#recent.filter((time) => time > slow).length < SLOW_ANSWERS) return false;
    this.#recent = [];
    return true;
  }
}
