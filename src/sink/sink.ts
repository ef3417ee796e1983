import { defaultCredentials, sinkEnv } from './credentials.ts';
import { checkedPlatform, FaultBoard } from './faults.ts';
import { Ingest } from './ingest.ts';
import { Listener } from './listener.ts';
import { MemoryEntries } from './memory-entries.ts';
import { Reader } from './reader.ts';
import { openEntries } from './sqlite-entries.ts';
import { SinkStore } from './store.ts';
import type { Sink, SinkOptions } from './types.ts';
import { sinkPlatforms } from './types.ts';

export { SinkDatabaseError } from './sqlite-entries.ts';
export type {
  Sink,
  SinkAnswer,
  SinkChannel,
  SinkCounts,
  SinkCredentials,
  SinkFaults,
  SinkOptions,
  SinkPlatform,
  SinkRecord,
  SinkRequest,
  SinkScriptedAnswer,
} from './types.ts';

const defaultKeepRecords = 100_000;

/**
 * Starts a local server that speaks the ingest protocols of Odysseus, LogTide, RedArch, Loggier and Trakerr, checks
 * what the real servers check, and keeps what it accepts.
 *
 * It binds 127.0.0.1 only. Where a platform's server is not public the checks are inferred from its clients; each
 * checker says which. It also answers LogTide's reading endpoints. Throws `RangeError` or `TypeError` on bad options, and
 * rejects when the port is taken or, with `SinkDatabaseError`, when `db` cannot be used.
 */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const credentials = { ...defaultCredentials, ...options.credentials };
  const keep = options.keepRecords ?? defaultKeepRecords;
  const store = new SinkStore(keep);
  const faults = new FaultBoard();
  faults.set(options.faults ?? {}, sinkPlatforms);
  const entries = options.db === undefined ? new MemoryEntries(keep) : await openEntries(options.db);
  const parts = { options, credentials, store, faults, entries };
  const clear = (): void => {
    store.clear();
    entries.clear();
  };
  const listener = new Listener({ ...parts, clear, ingest: new Ingest(parts), reader: new Reader(parts) });
  try {
    await listener.open();
  } catch (error) {
    entries.close();
    throw error;
  }
  // The port is fixed from here on, also across pause and resume.
  const { port } = listener;
  const url = `http://127.0.0.1:${port}`;
  let closed = false;
  return {
    url,
    port,
    credentials,
    env: () => sinkEnv(url, credentials),
    records: (platform) => store.records(platform),
    counts: () => store.counts(),
    setFaults: (values, platform) =>
      faults.set(values, platform === undefined ? sinkPlatforms : [checkedPlatform(platform)]),
    pause: () => listener.close(),
    resume: async () => {
      if (closed) throw new Error('the sink is closed');
      await listener.open();
    },
    clear,
    close: async () => {
      closed = true;
      await listener.close();
      entries.close();
    },
  };
}
