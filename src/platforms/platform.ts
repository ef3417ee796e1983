import type { Codec } from '../codec/codec.ts';
import type { Endpoint } from '../delivery/endpoint.ts';
import type { EmittedRecord } from '../record/record.ts';

/** One stream of records to a platform: how they are written and where they go. */
export interface Channel {
  readonly codec: Codec;
  readonly endpoint: Endpoint;
  /** Requests in flight at once, at most. Default 4; platforms that take one record per request set more. */
  readonly concurrency?: number;
}

/** A log platform with its credentials; made by `odysseus()`, `logtide()`, `redarch()`, `loggier()`, `trakerr()`. */
export interface Platform {
  /** Lower-case name, e.g. `logtide`; appears in statistics, metrics and diagnostics. */
  readonly name: string;
  readonly logs: Channel;
  /** Records with an event name and span events; the same channel object as `logs` where the platform has one only. */
  readonly events: Channel;
  /**
   * Which channels take a record, each with a text of its own. Default: `events` for records with an event name
   * (`eventNameOf`), else `logs`. Never throws.
   */
  channelFor?(record: EmittedRecord): readonly Channel[];
}
