import { MARKER, NUMBER_OFFSET } from './marker.mjs';

const NEEDLE = Buffer.from(MARKER);
const DIGITS = 10;
const ZERO = 0x30;

function numberAt(bytes, start) {
  let number = 0;
  for (let index = start; index < start + DIGITS; index++) {
    const digit = bytes[index] - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number - NUMBER_OFFSET;
}

/** Which record numbers have arrived; a record that arrives twice counts once. */
export class Arrivals {
  #seen = new Uint8Array(1 << 20);
  unique = 0;
  total = 0;
  /** Lowest number so far. */
  lowest = Number.POSITIVE_INFINITY;

  /** Notes the records of one request body and returns how many there are in it. */
  note(body) {
    let count = 0;
    for (let at = body.indexOf(NEEDLE); at !== -1; at = body.indexOf(NEEDLE, at + NEEDLE.length + DIGITS)) {
      const number = numberAt(body, at + NEEDLE.length);
      if (number < 0) continue;
      count += 1;
      this.#mark(number);
    }
    this.total += count;
    return count;
  }

  /** How many different numbers from `from` to before `to` have arrived. */
  between(from, to) {
    let count = 0;
    for (let number = from; number < Math.min(to, this.#seen.length); number++) count += this.#seen[number];
    return count;
  }

  #mark(number) {
    if (number >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(number + 1, this.#seen.length * 2));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    if (number < this.lowest) this.lowest = number;
    if (this.#seen[number] === 0) this.unique += 1;
    this.#seen[number] = 1;
  }
}
