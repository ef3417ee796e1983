import type { Batch } from '../codec/batch.ts';
import type { Impediment, Verdict } from './verdict.ts';
import { impedes } from './verdict.ts';

/** What isolation needs of the sender; every batch it is given ends in exactly one of the last four. */
export interface IsolationSteps {
  send(batch: Batch): Promise<Verdict>;
  split(batch: Batch, count: number): readonly [Batch, Batch];
  /**
   * A waiting record that has nothing to do with the refused ones, taken from the young end; undefined if none, `later`
   * if there is one that is not at hand yet.
   */
  takeControl(): Batch | 'later' | undefined;
  delivered(batch: Batch, verdict: Verdict & { kind: 'delivered' }): void;
  /** A single record that the platform refuses although it takes others. */
  dead(batch: Batch, reason: string): void;
  release(batch: Batch): void;
  /** Whether a lone record may be given up although nothing proves that the platform takes anything. */
  mayGiveUpUnproven(): boolean;
}

/**
 * How isolation ended: all parts settled, stopped by something else than a refusal, everything is refused, or nobody
 * was at hand to prove the contrary.
 */
export type IsolationResult =
  | { readonly kind: 'settled' }
  | { readonly kind: 'interrupted'; readonly verdict: Impediment }
  | { readonly kind: 'systemic' }
  | { readonly kind: 'undecided' };

interface Part {
  readonly batch: Batch;
  /** Why this part was refused; undefined while it has not been sent alone. */
  refused: string | undefined;
  /** Delivered as a whole. */
  clean: boolean;
  /** The older half of the same parent: if that was clean, the fault lies here. */
  readonly older: Part | undefined;
}

function part(batch: Batch, refused?: string, older?: Part): Part {
  return { batch, refused, clean: false, older };
}

/** 400 and its like, "nothing stored", or 413: each may be one record's fault or everybody's. */
function refusal(verdict: Verdict): string | undefined {
  return verdict.kind === 'delivered' || impedes(verdict) ? undefined : verdict.reason;
}

/**
 * Finds the records that make a platform refuse a batch, by halving, oldest first: at most 2·log₂ n + 1 requests per
 * bad record, of which one is the refusal that led here. A record is given up only once something else was accepted
 * in the meantime; when nothing is, the fault is not in the records (a wrong URL, a changed API) and all of them stay.
 */
export async function isolate(batch: Batch, reason: string, steps: IsolationSteps): Promise<IsolationResult> {
  const open: Part[] = [part(batch, reason)];
  let proven = false;

  const releaseAll = (): void => {
    for (const { batch: rest } of open.splice(0)) steps.release(rest);
  };

  /** Sends a part and settles it if it was taken; otherwise it stays open. Returns a verdict that ends everything. */
  const attempt = async (current: Part): Promise<Impediment | undefined> => {
    const verdict = await steps.send(current.batch);
    if (verdict.kind === 'delivered') {
      proven = true;
      current.clean = verdict.rejected === undefined;
      steps.delivered(current.batch, verdict);
      return undefined;
    }
    open.push(current);
    if (impedes(verdict)) return verdict;
    current.refused = verdict.reason;
    return undefined;
  };

  /**
   * Sends something else, to see whether the platform accepts anything at all; undefined when there is nothing, `later`
   * when only what is not at hand yet could tell.
   */
  const control = async (): Promise<Verdict | 'later' | undefined> => {
    const taken = steps.takeControl();
    const own = taken === undefined || taken === 'later' ? open.shift() : undefined;
    const other = own?.batch ?? taken;
    if (other === undefined || other === 'later') return other;
    const verdict = await steps.send(other);
    if (verdict.kind === 'delivered') {
      steps.delivered(other, verdict);
      return verdict;
    }
    if (own === undefined) steps.release(other);
    else open.unshift(Object.assign(own, { refused: refusal(verdict) ?? own.refused }));
    return taken === 'later' && !impedes(verdict) ? taken : verdict;
  };

  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    const { batch: records, older } = current;
    const mustBeHere = older?.clean === true && records.count > 1;
    if (current.refused === undefined && !mustBeHere) {
      const end = await attempt(current);
      if (end === undefined) continue;
      releaseAll();
      return { kind: 'interrupted', verdict: end };
    }
    if (records.count > 1) {
      const [first, second] = steps.split(records, Math.ceil(records.count / 2));
      const olderHalf = part(first);
      open.push(part(second, undefined, olderHalf), olderHalf);
      continue;
    }
    const verdict: Verdict | 'later' | undefined = proven ? undefined : await control();
    if (verdict === undefined) proven ||= steps.mayGiveUpUnproven();
    else if (verdict !== 'later') proven = verdict.kind === 'delivered';
    if (!proven) {
      open.push(current);
      releaseAll();
      if (verdict === 'later') return { kind: 'undecided' };
      return verdict !== undefined && impedes(verdict) ? { kind: 'interrupted', verdict } : { kind: 'systemic' };
    }
    steps.dead(records, current.refused ?? reason);
  }
  return { kind: 'settled' };
}
