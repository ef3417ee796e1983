import type { LogTideLog } from './log.ts';
import type { LogPage } from './query.ts';

/** Reads one page of at most 1,000 logs, newest first: those before `cursor`, not earlier than `from`. */
export type ReadPage = (part: { cursor?: string; from?: string }) => Promise<LogPage>;

interface Walked {
  /** Where the page begins; none for the newest one. */
  readonly cursor: string | undefined;
  /** Time of its oldest log. */
  readonly oldest: string;
  /** Undefined when it was let go of. */
  logs: readonly LogTideLog[] | undefined;
}

/** Pages that are kept in memory on the way back. */
const KEPT_PAGES = 10;

/**
 * Logs oldest first from a server that answers newest first, however many there are: walks back to the oldest page,
 * keeping the last ten pages and only the positions of the others, which are read a second time on the way forward. A
 * log that is stored meanwhile may come twice, none is left out.
 *
 * @param most ends the walk after so many logs; the newest ones are given.
 * @param onWalked hears how many logs were seen so far, and the server's estimate of all.
 */
export async function* oldestFirst(
  read: ReadPage,
  most = Number.POSITIVE_INFINITY,
  onWalked: (logs: number, total: number) => void = () => {},
): AsyncGenerator<readonly LogTideLog[]> {
  const pages: Walked[] = [];
  let cursor: string | undefined;
  let count = 0;
  let total: number | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    total ??= page.total;
    const logs = page.logs.slice(0, most - count);
    count += logs.length;
    onWalked(count, Math.max(count, total));
    const oldest = logs.at(-1)?.time;
    if (oldest !== undefined) pages.push({ cursor, oldest, logs });
    const gone = pages.at(-1 - KEPT_PAGES);
    if (gone !== undefined) gone.logs = undefined;
    cursor = page.nextCursor === cursor ? undefined : page.nextCursor;
  } while (cursor !== undefined && count < most);

  for (let page = pages.pop(); page !== undefined; page = pages.pop()) {
    yield (page.logs ?? (await again(read, page))).toReversed();
  }
}

/** A page as it is now: more may have come into it, so it ends at its oldest time and not after so many. */
async function again(read: ReadPage, { cursor, oldest }: Walked): Promise<readonly LogTideLog[]> {
  const logs: LogTideLog[] = [];
  let next = cursor;
  do {
    const page = await read({ ...(next !== undefined && { cursor: next }), from: oldest });
    logs.push(...page.logs);
    next = page.nextCursor === next ? undefined : page.nextCursor;
  } while (next !== undefined);
  return logs;
}
