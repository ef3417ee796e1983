/** What a line of another client's buffer comes to: a record for the spool, and whether something was wrong with it. */
interface ImportedText {
  readonly text: string | undefined;
  readonly problem: string | undefined;
}

/** Turns a line into a record of the platform. */
export type Reading = (line: string) => ImportedText;

const NO_OBJECT = 'is not a JSON object';
const TORN = 'begins with a torn record; the one behind it is imported';
/** Where the official client puts its own counter: behind everything else. */
const LAST_RETRY_COUNT = /,\s*"retry_count"\s*:\s*-?\d+\s*\}$/;
/** Places in a damaged line where a whole record is looked for. */
const MAX_CANDIDATES = 64;

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes a JSON object as it stands. */
export const readPlain: Reading = (line) => {
  const text = line.trim();
  return objectOf(text) === undefined ? { text: undefined, problem: NO_OBJECT } : { text, problem: undefined };
};

/** Without the counter, which is the client's own. Everything else stays as it is written, long numbers too. */
function withoutRetryCount(text: string, value: Readonly<Record<string, unknown>>): string {
  if (!('retry_count' in value)) return text;
  const cut = text.replace(LAST_RETRY_COUNT, '}');
  if (cut !== text && !('retry_count' in (objectOf(cut) ?? value))) return cut;
  const { retry_count: _count, ...rest } = value;
  return JSON.stringify(rest);
}

/** Every RedArch record has these, so a part of one is not mistaken for a record. */
function isRedArchRecord({ level, service, message }: Readonly<Record<string, unknown>>): boolean {
  return typeof level === 'string' && typeof service === 'string' && typeof message === 'string';
}

/** A line that a dying process left unfinished goes on with the first record of the next one. */
function behindTorn(line: string): string | undefined {
  let at = line.indexOf('{"', 1);
  for (let tries = 0; at !== -1 && tries < MAX_CANDIDATES; tries += 1) {
    const text = line.slice(at);
    const value = objectOf(text);
    if (value !== undefined && isRedArchRecord(value)) return withoutRetryCount(text, value);
    at = line.indexOf('{"', at + 1);
  }
  return undefined;
}

/** Takes a line of a RedArch buffer. */
export const readRedArch: Reading = (line) => {
  const text = line.trim();
  const value = objectOf(text);
  if (value !== undefined) return { text: withoutRetryCount(text, value), problem: undefined };
  const rescued = behindTorn(text);
  return { text: rescued, problem: rescued === undefined ? NO_OBJECT : TORN };
};
