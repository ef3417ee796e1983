import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CheckContext, CheckResult } from './check.ts';
import type { EntryStore } from './entry-store.ts';
import type { FaultBoard } from './faults.ts';
import { faultEffect } from './faults.ts';
import { seenByHooks, tellHooks } from './hooks.ts';
import { notWritten } from './logtide-answers.ts';
import type { BodyOutcome } from './read-body.ts';
import type { Route } from './route.ts';
import type { SinkStore } from './store.ts';
import { storedEntry } from './stored-entry.ts';
import { tooLarge } from './too-large.ts';
import type { SinkAnswer, SinkCredentials, SinkOptions, SinkRequest } from './types.ts';

/** What happens on the socket: an answer after a delay, silence, or a reset. */
export interface Fate {
  readonly effect: SinkAnswer | 'hang' | 'reset';
  readonly delayMillis: number;
}

/** A request whose body has been read. */
export interface Arrival {
  readonly method: string;
  /** Request target: path and query as on the wire. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Exclude<BodyOutcome, 'aborted'>;
}

export interface IngestParts {
  readonly options: SinkOptions;
  readonly credentials: SinkCredentials;
  readonly store: SinkStore;
  readonly faults: FaultBoard;
  /** LogTide's entries, for reading. */
  readonly entries: EntryStore;
}

/**
 * Decides what becomes of ingest requests: script, then faults, then the platform's checks. Knows no sockets.
 *
 * ```
 * arrival → too large? 413 → options.respond → faults → checker → store, count, hooks → fate
 * ```
 */
export class Ingest {
  readonly #parts: IngestParts;
  readonly #server: 'A' | 'B';
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#server = parts.options.logtideServer ?? 'B';
    this.#now = parts.options.now ?? Date.now;
    this.#random = parts.options.random ?? Math.random;
  }

  handle(route: Route, arrival: Arrival): Fate {
    const { options, store, faults } = this.#parts;
    const { platform } = route;
    const tally = store.tally(platform);
    const context = this.#context(tally.requests);
    tally.requests += 1;
    const body = typeof arrival.body === 'string' ? '' : arrival.body.toString('utf8');
    const { method, target, headers } = arrival;
    const bytes = typeof arrival.body === 'string' ? 0 : arrival.body.length;
    const atMillis = context.nowMillis;
    const seen = seenByHooks(options, { ...route, method, target, headers, body, bytes, atMillis });
    const delayMillis = faults.get(platform).latencyMillis ?? 0;

    if (arrival.body === 'too-large') {
      tally.refused += 1;
      return this.#end(seen, tooLarge(platform, context).answer, delayMillis);
    }
    const staged =
      (seen && options.respond?.(seen)) ?? faultEffect(faults.get(platform), platform, this.#server, this.#random);
    if (staged !== undefined) {
      tally.faulted += 1;
      return this.#end(seen, staged, delayMillis);
    }
    const mark = arrival.target.indexOf('?');
    const verdict = route.check(
      {
        channel: route.channel,
        path: mark < 0 ? arrival.target : arrival.target.slice(0, mark),
        query: mark < 0 ? '' : arrival.target.slice(mark + 1),
        headers: arrival.headers,
        body,
      },
      context,
    );
    const { answer, records } = platform === 'logtide' ? this.#write(verdict, body, context) : verdict;
    tally.accepted += records.length;
    // "200, received 0" is a refusal too: the checker gives a reason for whatever it does not store.
    if (answer.reason !== undefined) tally.refused += 1;
    for (const record of records) {
      const kept = { platform, channel: route.channel, record };
      store.push(kept);
      options.onRecord?.(kept);
    }
    return this.#end(seen, answer, delayMillis);
  }

  /** Keeps LogTide's entries for reading; when that fails, nothing has been accepted. */
  #write(verdict: CheckResult, body: string, context: CheckContext): CheckResult {
    if (verdict.records.length === 0) return verdict;
    const storing = { server: this.#server, nowMillis: context.nowMillis, hasNul: body.includes('\\u0000') };
    const entries = verdict.records.map((record) => storedEntry(record, randomUUID(), storing));
    const problem = this.#parts.entries.add(entries);
    return problem === undefined ? verdict : notWritten(context, problem);
  }

  #context(sequence: number): CheckContext {
    return {
      credentials: this.#parts.credentials,
      logtideServer: this.#server,
      nowMillis: this.#now(),
      sequence,
    };
  }

  #end(seen: SinkRequest | undefined, effect: Fate['effect'], delayMillis: number): Fate {
    tellHooks(this.#parts.options, seen, effect);
    return { effect, delayMillis };
  }
}
