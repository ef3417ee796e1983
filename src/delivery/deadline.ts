/** The end of the time that one request has. An `AbortController` per request cost more than the request (measured). */
export class Deadline {
  ended = false;
  /** Where `Deadlines` keeps it. */
  slot = 0;
  onEnd: (() => void) | undefined;

  end(): void {
    this.ended = true;
    this.onEnd?.();
  }
}

/**
 * The deadlines of all requests under way. An array whose holes are filled from its end: a set kept finished requests
 * alive through many scavenges (measured).
 */
export class Deadlines {
  #active: Deadline[] = [];

  add(deadline: Deadline): void {
    deadline.slot = this.#active.push(deadline) - 1;
  }

  /** False when `endAll` was faster. */
  remove(deadline: Deadline): boolean {
    if (this.#active[deadline.slot] !== deadline) return false;
    const last = this.#active.pop() as Deadline;
    if (last !== deadline) {
      this.#active[deadline.slot] = last;
      last.slot = deadline.slot;
    }
    return true;
  }

  endAll(): void {
    const active = this.#active;
    this.#active = [];
    for (const deadline of active) deadline.end();
  }
}
