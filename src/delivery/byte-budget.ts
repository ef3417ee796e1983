import { BLOCK_BYTES, Block } from './block.ts';

/** What the budget must know of a queue to make room in it. */
export interface BudgetMember {
  /** Age of the oldest waiting record (smaller is older); `Infinity` when nothing waits. */
  oldest(): number;
  /** Drops the oldest waiting record and frees its bytes. */
  dropOldest(): void;
}

/** Free blocks kept for reuse; a fresh buffer costs page faults. */
const MAX_SPARE_BLOCKS = 8;

/** The bytes that one destination may hold, shared by its queues (Odysseus has one for logs and one for events). */
export class ByteBudget {
  readonly #limit: number;
  readonly #members: BudgetMember[] = [];
  readonly #spare: Block[] = [];
  #used = 0;
  #sequence = 0;

  /** `limit` in bytes of encoded records. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  join(member: BudgetMember): void {
    this.#members.push(member);
  }

  /** Takes `bytes` out of the budget, dropping the oldest records of any member to make room; false if that is not enough. */
  reserve(bytes: number): boolean {
    if (bytes > this.#limit) return false;
    while (this.#used + bytes > this.#limit) {
      const victim = this.#oldestMember();
      if (victim === undefined) return false;
      victim.dropOldest();
    }
    this.#used += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#used -= bytes;
  }

  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** A block of at least the usual size. */
  block(size: number): Block {
    const spare = size === BLOCK_BYTES ? this.#spare.pop() : undefined;
    if (spare === undefined) return new Block(size, this.nextSequence());
    spare.reset(this.nextSequence());
    return spare;
  }

  recycle(block: Block): void {
    if (block.size === BLOCK_BYTES && this.#spare.length < MAX_SPARE_BLOCKS) this.#spare.push(block);
  }

  #oldestMember(): BudgetMember | undefined {
    let victim: BudgetMember | undefined;
    let oldest = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      const age = member.oldest();
      if (age < oldest) {
        oldest = age;
        victim = member;
      }
    }
    return victim;
  }
}
