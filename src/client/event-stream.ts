import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import type { Clock } from '../clock.ts';
import { failedBy } from '../delivery/answer-handler.ts';
import { LogTideConnectionError } from './errors.ts';
import type { LogTideLog } from './log.ts';
import { logOf } from './log.ts';

/**
 * What a live stream brings: `connected` first, with the server's clock, then one `tick` a second with the logs that
 * were new to the server's poll. A tick without logs is a sign of life.
 */
export type StreamStep =
  | { readonly kind: 'connected'; readonly timestamp: string | undefined }
  | { readonly kind: 'tick'; readonly logs: readonly LogTideLog[] };

/** A log has 1 MB as a rule; what is above this is no stream of logs. */
const MAX_EVENT_CHARS = 67_108_864;
/** A poll brings 100 at most; a server that never ends its tick must not fill our memory. */
const MAX_TICK_LOGS = 1_000;

class Steps {
  #logs: LogTideLog[] = [];
  #done: StreamStep[] = [];
  #broken = false;
  readonly #parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data }) => this.#event(data),
    // The server says `: heartbeat` after the logs of each poll.
    onComment: () => this.#endTick(),
    onError: ({ type }) => {
      this.#broken ||= type === 'max-buffer-size-exceeded';
    },
  });

  /** The steps that the text completes. */
  feed(text: string): readonly StreamStep[] {
    this.#parser.feed(text);
    if (this.#broken) throw new LogTideConnectionError('the live stream sent more than fits', 'TOO_LARGE');
    const done = this.#done;
    this.#done = [];
    return done;
  }

  /** What has come of a tick whose end did not. */
  rest(): readonly StreamStep[] {
    if (this.#logs.length > 0) this.#endTick();
    return this.#done;
  }

  #event(data: string): void {
    let message: { type?: unknown; timestamp?: unknown; data?: unknown } | null;
    try {
      message = JSON.parse(data) as typeof message;
    } catch {
      return;
    }
    if (message?.type === 'connected') {
      const { timestamp } = message;
      this.#done.push({ kind: 'connected', timestamp: typeof timestamp === 'string' ? timestamp : undefined });
    }
    const log = message?.type === 'log' ? logOf(message.data) : undefined;
    if (log === undefined) return;
    this.#logs.push(log);
    if (this.#logs.length >= MAX_TICK_LOGS) this.#endTick();
  }

  #endTick(): void {
    this.#done.push({ kind: 'tick', logs: this.#logs });
    this.#logs = [];
  }
}

/**
 * Reads a live stream as long as it lasts. Reads on only when it is asked for the next step, so that a slow reader slows
 * the server down and nothing piles up here; silence counts only while it waits for the server. Throws a
 * `LogTideConnectionError` when the connection breaks or stays silent for `idleMillis`.
 */
export async function* streamSteps(body: Readable, idleMillis: number, clock: Clock): AsyncGenerator<StreamStep> {
  const steps = new Steps();
  const decoder = new TextDecoder();
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      let isIdle = false;
      const cancel = clock.after(idleMillis, () => {
        isIdle = true;
        body.destroy();
      });
      const chunk = await chunks.next().catch((error: unknown) => {
        const code = isIdle ? 'IDLE' : failedBy(error).code;
        throw new LogTideConnectionError(`the live stream broke (${code})`, code);
      });
      cancel();
      if (isIdle) throw new LogTideConnectionError(`the live stream was silent for ${idleMillis} ms`, 'IDLE');
      if (chunk.done === true) break;
      yield* steps.feed(decoder.decode(chunk.value, { stream: true }));
    }
    yield* steps.rest();
  } finally {
    body.destroy();
  }
}
