/** The five platforms whose ingest protocols the sink speaks. */
export type SinkPlatform = 'odysseus' | 'logtide' | 'redarch' | 'loggier' | 'trakerr';

/** Every platform, in the order of reports. */
export const sinkPlatforms: readonly SinkPlatform[] = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

/** Whether a text from outside names a platform. */
export function isSinkPlatform(name: unknown): name is SinkPlatform {
  return (sinkPlatforms as readonly unknown[]).includes(name);
}

/** Log entries or events; only Odysseus has a separate route for events, everything else is `logs`. */
export type SinkChannel = 'logs' | 'events';

/** What a client must present to be accepted. The defaults are in `credentials.ts` and are worth nothing elsewhere. */
export interface SinkCredentials {
  readonly odysseusAppId: string;
  readonly odysseusAppKey: string;
  /** `lp_` and 64 hexadecimal digits, as LogTide issues them. */
  readonly logtideApiKey: string;
  /** The same, but line B lets it only write: reading with it answers 403. */
  readonly logtideWriteKey: string;
  /** The HS256 secret; the clients use its UTF-8 bytes as they are. */
  readonly redarchApiKey: string;
  readonly loggierApiKey: string;
  readonly trakerrApiKey: string;
}

/**
 * What goes wrong on purpose. Precedence when several are set: `reset`, `hang`, `status`, `fail`; `latencyMillis`
 * comes on top of every answer. `{}` is a healthy server.
 */
export interface SinkFaults {
  /** Answers with `status` (200–599) for a random share of requests, `ratio` 0…1. */
  readonly fail?: { readonly status: number; readonly ratio: number };
  /** Answers every request with this status, 200–599, without storing anything. */
  readonly status?: number;
  /** `Retry-After` in whole seconds on answers made by `fail` and `status`. */
  readonly retryAfterSeconds?: number;
  /** Delay of every answer. Records are stored before it, so a client that gives up and retries makes duplicates. */
  readonly latencyMillis?: number;
  /** Reads the request and never answers. */
  readonly hang?: boolean;
  /** Reads the request and cuts the connection with a TCP reset. */
  readonly reset?: boolean;
}

/** One request as hooks see it. Keys in path, headers and body are replaced by `[REDACTED]`. */
export interface SinkRequest {
  readonly platform: SinkPlatform;
  readonly channel: SinkChannel;
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Size of the body on the wire. */
  readonly bytes: number;
  /** Arrival, epoch milliseconds by `SinkOptions.now`. */
  readonly atMillis: number;
}

/** An answer. A string body is sent as it is, everything else as JSON, `undefined` as nothing. */
export interface SinkAnswer {
  /** HTTP status; 0 in `onRequest` when nothing was answered (`hang`, `reset`). */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Why the request was not stored, for people. Never sent: real servers do not always say it. */
  readonly reason?: string;
}

/** One record that a platform would have stored. */
export interface SinkRecord {
  readonly platform: SinkPlatform;
  readonly channel: SinkChannel;
  /** The payload object as received; Trakerr's `apiKey` is `[REDACTED]`. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Totals of ingest since the start or the last `clear()`; reading does not count. */
export interface SinkCounts {
  /** Ingest requests that arrived. */
  readonly requests: number;
  /** Records (not requests) stored. */
  readonly accepted: number;
  /** Requests that the platform's own checks refused, also by "200, received 0". */
  readonly refused: number;
  /** Requests that ended by an injected fault or a scripted answer. */
  readonly faulted: number;
}

/** What a script may answer: an answer, silence, a cut connection, or `undefined` for normal treatment. */
export type SinkScriptedAnswer = SinkAnswer | 'hang' | 'reset' | undefined;

/** Options of `startSink()`; everything is optional. */
export interface SinkOptions {
  /** 0…65535; default 0, an ephemeral port. */
  readonly port?: number;
  readonly faults?: SinkFaults;
  readonly credentials?: Partial<SinkCredentials>;
  /** Which LogTide line to be: `A` is 0.5.0, `B` is 1.0.2. Default `B`. */
  readonly logtideServer?: 'A' | 'B';
  /** How many records are kept, oldest dropped first. Default 100,000; 0 keeps none. */
  readonly keepRecords?: number;
  /**
   * A file for LogTide's entries, made when it is missing; needs Node 22.13 or later. They outlive the sink, and
   * `keepRecords` does not limit them. Default: in memory.
   */
  readonly db?: string;
  /** Scripted answers, asked before faults and checks, also for reading requests. What they answer is not stored. */
  readonly respond?: (request: SinkRequest) => SinkScriptedAnswer;
  /** Called once a request's fate is known, before the answer leaves. */
  readonly onRequest?: (request: SinkRequest, answer: SinkAnswer) => void;
  /** Called for each stored record. */
  readonly onRecord?: (record: SinkRecord) => void;
  /** Called for requests outside every route, with a redacted path. */
  readonly onUnrouted?: (method: string, path: string) => void;
  /** Epoch milliseconds; default `Date.now`. */
  readonly now?: () => number;
  /** 0 ≤ x < 1; default `Math.random`. */
  readonly random?: () => number;
  /** Calls back every so many milliseconds until its result is called, for live tails; default a timer. */
  readonly repeat?: (callback: () => void, millis: number) => () => void;
}

/** A running sink. */
export interface Sink {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly credentials: SinkCredentials;
  /** Environment variables that point logferry's five destinations at this sink. */
  env(): Record<string, string>;
  /** Stored records in order of arrival, of one platform or all. */
  records(platform?: SinkPlatform): readonly SinkRecord[];
  counts(): Record<SinkPlatform, SinkCounts>;
  /** Replaces the faults of one platform, or of all. Throws `TypeError` or `RangeError` on bad values. */
  setFaults(faults: SinkFaults, platform?: SinkPlatform): void;
  /** Stops listening and cuts every connection: "connection refused", as in an outage. */
  pause(): Promise<void>;
  /** Listens on the same port again. */
  resume(): Promise<void>;
  /** Forgets records and counts, entries of the `db` file included; faults stay. */
  clear(): void;
  /** Stops for good. Safe to call twice. */
  close(): Promise<void>;
}
