/** A member of a set that knows its place in it. */
export interface Slotted {
  slot: number;
}

/** A set without order, from which members are removed without a search. */
export class Slots<Member extends Slotted> {
  readonly #members: Member[] = [];

  add<Added extends Member>(member: Added): Added {
    member.slot = this.#members.push(member) - 1;
    return member;
  }

  remove(member: Member): void {
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[member.slot] = last;
    last.slot = member.slot;
  }

  get members(): readonly Member[] {
    return this.#members;
  }
}
