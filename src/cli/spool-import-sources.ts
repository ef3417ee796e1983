import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Usage } from './spool-args.ts';
import { type Entry, linesOf } from './spool-import-lines.ts';
import { cachedRows } from './spool-import-loggier.ts';
import { type Reading, readPlain, readRedArch } from './spool-import-text.ts';

/** A file with records of another client. */
export interface Source {
  readonly path: string;
  readonly lane: string;
  readonly buffers: ClientBuffers;
}

/** What the buffers of a platform's client look like. */
export interface ClientBuffers {
  /** For people: what is looked for in a directory. */
  readonly pattern: string;
  isBuffer(name: string): boolean;
  entries(path: string): AsyncIterable<Entry>;
  readonly reading: Reading;
  /** Endings of files that belong to a buffer. */
  readonly companions: readonly string[];
}

const IMPORTED = /\.imported(?:-\d+)?$/;
/** Folders in folders. */
const MAX_DEPTH = 6;

export const CLIENT_BUFFERS: Readonly<Record<string, ClientBuffers>> = {
  redarch: {
    pattern: 'buffer*.jsonl',
    // Plain, with the process number, rotated, and what a crash left while it was being sent.
    isBuffer: (name) => /^buffer(?:_\d+)*(?:\.sending-[\w.+-]+)?\.jsonl$/.test(name),
    entries: linesOf,
    reading: readRedArch,
    companions: [],
  },
  odysseus: {
    pattern: 'NNNNNN.jsonl, logs.jsonl, events.jsonl, pending-*.jsonl',
    isBuffer: (name) => /^(?:\d{6}|(?:pending-)?(?:logs|events)|pending-\w+)\.jsonl$/.test(name),
    entries: linesOf,
    reading: readPlain,
    companions: [],
  },
  loggier: {
    pattern: 'loggier_cache.db',
    isBuffer: (name) => name === 'loggier_cache.db',
    entries: cachedRows,
    reading: readPlain,
    companions: ['-wal', '-shm', '-journal'],
  },
};

/** The lane that a file of the Odysseus clients is for, by its name or that of its folder. */
function odysseusLane(path: string): string | undefined {
  for (const name of [basename(path), basename(dirname(path))]) {
    if (/(?:^|-)events?(?:\.jsonl)?$/.test(name)) return 'events';
    if (/(?:^|-)logs?(?:\.jsonl)?$/.test(name)) return 'logs';
  }
  return undefined;
}

function laneOf(platform: string, path: string, given: string | undefined): string {
  const lane = given ?? (platform === 'odysseus' ? odysseusLane(path) : 'logs');
  if (lane !== undefined) return lane;
  throw new Usage(`${path} may hold logs or events: say which with --lane`);
}

function* walk(folder: string, depth = 0): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && depth < MAX_DEPTH) yield* walk(path, depth + 1);
  }
}

/**
 * The buffers among what was named: files whatever they are called, and those with the names of the platform's client
 * below directories; none twice, and none that was imported before. Throws `Usage`, or what reading a directory throws.
 */
export function sourcesOf(platform: string, paths: readonly string[], lane: string | undefined): readonly Source[] {
  const buffers = CLIENT_BUFFERS[platform] as ClientBuffers;
  const found = new Set<string>();
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new Usage(`${path} is not there`);
    if (!stats.isDirectory()) found.add(path);
    else for (const file of walk(path)) if (buffers.isBuffer(basename(file))) found.add(file);
  }
  return [...found]
    .filter((path) => !IMPORTED.test(path))
    .map((path) => ({ path, lane: laneOf(platform, path, lane), buffers }));
}
