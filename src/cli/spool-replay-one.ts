import { adoptOrphan } from '../delivery/spool/orphans.ts';
import type { OwnerFacts } from '../delivery/spool/owner.ts';
import { createInstance, type Instance, removeInstance, touchHeartbeat } from '../delivery/spool/root.ts';
import type { DestinationStats } from '../delivery/stats.ts';
import type { Destination } from '../destination.ts';
import { countText, say } from './spool-output.ts';
import { reviveDeadLetters } from './spool-revive.ts';
import { contentsOf, instancesIn, type Surroundings, type SurveyedInstance } from './spool-survey.ts';

export interface ReplayOptions {
  readonly on: Surroundings;
  readonly platform: string;
  readonly lanes: readonly string[];
  readonly destinationPath: string;
  readonly dead: boolean;
  readonly orphans: boolean;
}

export interface ReplayResult {
  readonly text: string;
  /** Records that wait still, or an endless number when nothing could be tried. */
  readonly left: number;
}

const POLL_MILLIS = 100;
/** For what is under way when the time is over. */
const GRACE_MILLIS = 1_000;
/** A directory that is just being renamed may be missed once. */
const QUIET_POLLS = 2;

function isSame(facts: OwnerFacts | undefined, here: OwnerFacts): boolean {
  return facts?.pid === here.pid && facts.hostname === here.hostname && facts.startTicks === here.startTicks;
}

/** One destination's replay: what it is to find is put in its place, then it delivers by itself, as applications do. */
export class Replay {
  readonly #options: ReplayOptions;
  /** Ours in the destination's folder: what it holds, nobody takes over. */
  #holder: Instance | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get platform(): string {
    return this.#options.platform;
  }

  /** To be called before the destination is opened; false when nothing was changed because of an error. */
  async prepare(): Promise<boolean> {
    const { on, destinationPath, dead, orphans } = this.#options;
    const holder = createInstance(on.files, destinationPath, { ...on.here, platform: this.platform }, on.clock);
    if (holder.kind !== 'ok') return this.#failed(holder.code);
    this.#holder = holder;
    if (!orphans) await this.#holdOrphans(holder.instance);
    if (!dead) return true;
    const revived = await reviveDeadLetters({ ...this.#options, holder: holder.instance });
    return revived.kind === 'ok' || this.#failed(revived.code);
  }

  #failed(code: string): boolean {
    say(`${this.platform}: ${this.#options.destinationPath} cannot be used (${code})`);
    return false;
  }

  /** Keeps orphans from the destination, which would deliver them as well. */
  async #holdOrphans(holder: string): Promise<void> {
    const { on, destinationPath } = this.#options;
    for (const { folder, state } of await instancesIn(on, destinationPath)) {
      if (state !== 'alive') await adoptOrphan(on.files, destinationPath, folder, holder);
    }
  }

  /** Waits until everything is delivered, for `timeoutMillis` at most, and closes the destination. */
  async deliver(
    destination: Destination | undefined,
    timeoutMillis: number,
    signal: AbortSignal,
  ): Promise<ReplayResult> {
    const { on } = this.#options;
    const problem = destination?.spoolProblem;
    if (problem !== undefined) say(`${this.platform}: ${problem}`);
    if (destination === undefined || problem !== undefined) {
      await destination?.shutdown(0);
      this.#letGo();
      return { text: `${this.platform}: not replayed`, left: Number.POSITIVE_INFINITY };
    }
    const end = on.clock.now() + timeoutMillis;
    for (let quiet = 0; quiet < QUIET_POLLS && on.clock.now() < end && !signal.aborted; ) {
      if (this.#holder !== undefined) touchHeartbeat(on.files, this.#holder.path, on.clock);
      quiet = destination.stats().pending === 0 && (await this.#isAllTaken()) ? quiet + 1 : 0;
      await on.clock.sleep(Math.min(POLL_MILLIS, end - on.clock.now()), signal, true);
    }
    const { circuit } = destination.stats();
    await destination.shutdown(GRACE_MILLIS);
    const result = await this.#result(destination.stats(), circuit);
    this.#letGo();
    return result;
  }

  /** Whether there is no orphan any more, nor one that the destination has taken over and not finished. */
  async #isAllTaken(): Promise<boolean> {
    const { on, destinationPath } = this.#options;
    const open = ({ state, adopted, facts, owner }: SurveyedInstance): boolean =>
      state !== 'alive' || (adopted && owner !== this.#holder?.instance && isSame(facts, on.here));
    return !(await instancesIn(on, destinationPath)).some(open);
  }

  async #result(stats: DestinationStats, circuit: DestinationStats['circuit']): Promise<ReplayResult> {
    const { on, destinationPath } = this.#options;
    let left = 0;
    for (const { path, state } of await instancesIn(on, destinationPath)) {
      if (state === 'alive') continue;
      const { waiting, unreadable } = await contentsOf(on, path);
      if (unreadable > 0) say(`${path}: ${countText(unreadable, 'segment')} cannot be read`);
      // Nobody knows how many records those hold.
      left += waiting + unreadable;
    }
    const { delivered, deadLettered, dropped } = stats;
    const lost = Object.entries(dropped).filter(([, count]) => count > 0);
    const parts = [`${countText(delivered, 'record')} delivered`, `${deadLettered} dead-lettered again`];
    parts.push(...lost.map(([reason, count]) => `${count} dropped (${reason})`), `${left} left`);
    if (left > 0 && circuit.reason !== undefined) say(`${this.platform} is ${circuit.state}: ${circuit.reason}`);
    return { text: `${this.platform}: ${parts.join(', ')}`, left };
  }

  /** What is held is an orphan again. */
  #letGo(): void {
    if (this.#holder !== undefined) removeInstance(this.#options.on.files, this.#holder.path);
  }
}
