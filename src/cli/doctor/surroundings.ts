import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { systemClock } from '../../clock.ts';
import { nodeFiles, type SpoolFiles } from '../../delivery/spool/files.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** What the checks may look at. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The application's folder. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly files: SpoolFiles;
  readonly readFile: (path: string) => string;
  /** All addresses of a host; rejects as `node:dns` does. */
  readonly lookup: (host: string) => Promise<readonly ResolvedAddress[]>;
  /** 16 random bytes as hex digits. */
  readonly traceId: () => string;
  /** `process.versions.node` */
  readonly nodeVersion: string;
  /** Longest wait of one check. */
  readonly timeoutMillis: number;
}

/** The real ones. */
export function realSurroundings(timeoutMillis: number): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    files: nodeFiles,
    readFile: (path) => readFileSync(path, 'utf8'),
    lookup: (host) => lookup(host, { all: true, verbatim: true }),
    traceId: () => randomBytes(16).toString('hex'),
    nodeVersion: process.versions.node,
    timeoutMillis,
  };
}

/** What came of a step: its result, the code of its error, or `TIMEOUT`. */
export type Attempted<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'failed'; readonly code: string };

/** Waits for a step, bounded; what it does afterwards is nobody's business. Never rejects. */
export async function attempt<T>({ clock, timeoutMillis }: Surroundings, step: Promise<T>): Promise<Attempted<T>> {
  const done = new AbortController();
  const late = clock.sleep(timeoutMillis, done.signal, true).then(() => ({ kind: 'failed', code: 'TIMEOUT' }) as const);
  const result = step.then(
    (value) => ({ kind: 'ok', value }) as const,
    (error: unknown) => ({ kind: 'failed', code: codeOf(error) }) as const,
  );
  const first = await Promise.race([result, late]);
  done.abort();
  return first;
}

/** The code of an error and nothing else of it: messages may quote what they were given. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
