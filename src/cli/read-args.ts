import { parseArgs } from 'node:util';
import { durationOf, Usage, unknown } from './spool-args.ts';

/** Options of a reading command: `list` may be repeated, `flag` takes no value. */
export type ReadKinds = Readonly<Record<string, 'text' | 'list' | 'flag'>>;

/** What was given on the command line of a reading command. */
export interface ReadArgs {
  text(option: string): string | undefined;
  list(option: string): readonly string[];
  flag(option: string): boolean;
  readonly positionals: readonly string[];
}

/** Reads a command line; throws `Usage` for what is not known. `positionals` says how many arguments are taken. */
export function readingArgs(argv: readonly string[], kinds: ReadKinds, positionals = 0): ReadArgs {
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: kind === 'list' },
    ]),
  );
  const given = parsed(argv, options);
  const extra = given.positionals[positionals];
  if (extra !== undefined) throw new Usage(`unexpected argument ${JSON.stringify(extra)}`);
  const value = (option: string): unknown => given.values[option];
  return {
    text: (option) => (typeof value(option) === 'string' ? (value(option) as string) : undefined),
    list: (option) => (Array.isArray(value(option)) ? (value(option) as string[]) : []),
    flag: (option) => value(option) === true,
    positionals: given.positionals,
  };
}

function parsed(argv: readonly string[], options: Record<string, { type: 'boolean' | 'string'; multiple: boolean }>) {
  try {
    return parseArgs({ args: [...argv], strict: true, options, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const [, option] = /^Unknown option '(--?[^']+)'/.exec(said) ?? [];
    if (option?.startsWith('--key') === true && option !== '--key-file') {
      throw new Usage(`${option} is not taken: a key on the command line is seen by everybody; use --key-file`);
    }
    if (option !== undefined) {
      throw unknown(
        'option',
        option,
        Object.keys(options).map((name) => `--${name}`),
      );
    }
    // What follows the first sentence is advice for programmers.
    throw new Usage(said.split(/\n|\. To specify/)[0] ?? '');
  }
}

/** Turns a complaint of the client about its parameters into `Usage`. */
export function checked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new Usage(error.message);
    throw error;
  }
}

/** A moment: so long ago (`15m`, `2h`, `7d`), or ISO 8601 text, which the client checks. Throws `Usage`. */
export function momentOf(option: string, text: string, nowMillis: number): Date | string {
  if (/^\d{4}-/.test(text)) return text;
  try {
    return new Date(nowMillis - durationOf(option, text));
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    throw new Usage(`--${option} ${JSON.stringify(text)}: use a time such as 15m, 2h or 7d, or 2026-11-20T19:20:00Z`);
  }
}
