import type { TailEvent, TailOptions } from '../client/logtide.ts';
import type { Connection } from './read-connection.ts';
import { logPrinter, logsText, tell } from './read-output.ts';

/** What a live tail has to tell besides logs; undefined for what is nobody's concern. */
function chatter(event: TailEvent, url: string): string | undefined {
  switch (event.kind) {
    case 'connected':
      return `following ${url}; Ctrl-C ends it`;
    case 'disconnected':
      return `not connected: ${event.reason}; next try in ${(event.retryMillis / 1_000).toFixed(1)} s`;
    case 'filled':
      return event.cause === 'gap' ? `${logsText(event.logs)} from the time without connection` : undefined;
  }
}

/** How a command follows. */
export interface Follow {
  readonly command: string;
  readonly isJson: boolean;
  readonly options: TailOptions;
  /** Ids that were printed before. */
  readonly printed?: ReadonlySet<string>;
}

/** Prints new logs until the signal aborts or nobody reads stdout any more. */
export async function follow({ client, url }: Connection, how: Follow, signal: AbortSignal): Promise<void> {
  const print = logPrinter(how.isJson);
  const onEvent = (event: TailEvent): void => {
    const text = chatter(event, url);
    if (text !== undefined) tell(how.command, text);
  };
  for await (const log of client.tail({ ...how.options, signal, onEvent })) {
    if (how.printed?.has(log.id)) continue;
    if (!(await print([log]))) return;
  }
}
