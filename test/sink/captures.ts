import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The captures lie beside the repository, not in it; where they are missing, tests over them are skipped aloud. */
const folder = new URL('../../../shared/captures/', import.meta.url);

export const haveCaptures = existsSync(folder);
if (!haveCaptures) process.stderr.write(`skipped: no captures at ${folder.href}\n`);

export interface CapturedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, or what stands in the capture instead. */
  readonly body: unknown;
  readonly jwt?: { readonly claims: { readonly iat: number }; readonly secret: string };
}

export interface Capture {
  readonly name: string;
  readonly input: unknown;
  readonly requests: readonly CapturedRequest[];
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

/** Stands for the NaN token, which one capture's own file contains although JSON has none. */
export const nanToken = '__NaN_token__';

type Json = Record<string, unknown>;

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return JSON.parse(text.replace(/: NaN\b/g, `: "${nanToken}"`)) as Json;
  }
}

function readRequest(raw: Json): CapturedRequest {
  const headers = Array.isArray(raw.headers) ? Object.fromEntries(raw.headers) : (raw.headers as object);
  // body_raw and body_text are the client's own text; `body` is its parsed form.
  const body = raw.body_raw ?? raw.body_text ?? raw.body;
  return { ...raw, headers, body } as unknown as CapturedRequest;
}

/** Captures of a platform whose file name matches, each with the requests it contains (none when nothing was sent). */
export function captures(platform: string, pattern: RegExp): Capture[] {
  if (!haveCaptures) return [];
  const directory = new URL(`${platform}/`, folder);
  const names = readdirSync(directory).filter((name) => pattern.test(name));
  return names.sort().map((name) => {
    const text = readFileSync(new URL(name, directory), 'utf8');
    const raw = parse(text);
    const list = Array.isArray(raw.requests) ? raw.requests : raw.request ? [raw.request] : [];
    const complete = list.filter(
      (item): item is Json => typeof item === 'object' && item !== null && 'headers' in item,
    );
    return {
      name: name.replace(/\.json$/, ''),
      input: raw.input,
      requests: complete.map(readRequest),
      ...(raw.response ? { response: raw.response as NonNullable<Capture['response']> } : {}),
    };
  });
}
