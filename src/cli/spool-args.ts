import { parseArgs } from 'node:util';
import { destinationFolder } from '../delivery/spool/names.ts';
import { didYouMean } from '../did-you-mean.ts';
import { PLATFORMS } from '../platforms/registry.ts';

/** The command line cannot be understood; the message says how to put it right. */
export class Usage extends Error {}

/** Options of a subcommand: whether each takes a value. */
export type OptionKinds = Readonly<Record<string, 'string' | 'boolean'>>;

export interface SpoolArgs {
  /** The user's spool directory. */
  readonly directory: string;
  readonly positionals: readonly string[];
  /** The value of an option, if it was given. */
  text(option: string): string | undefined;
  flag(option: string): boolean;
}

/** A complaint with the name that was probably meant, or all that are known. */
export function unknown(what: string, given: string, known: readonly string[]): Usage {
  const meant = didYouMean(given, known);
  const advice = meant === undefined ? `known are: ${known.join(', ')}` : `did you mean ${meant}?`;
  return new Usage(`unknown ${what} ${JSON.stringify(given)}; ${advice}`);
}

function parsed(argv: readonly string[], kinds: OptionKinds, positional: boolean) {
  const options = Object.fromEntries(Object.entries(kinds).map(([name, type]) => [name, { type }]));
  try {
    return parseArgs({ args: [...argv], strict: true, options, allowPositionals: positional });
  } catch (error) {
    const [, option] = /^Unknown option '(--[^']+)'/.exec(error instanceof Error ? error.message : '') ?? [];
    if (option !== undefined)
      throw unknown(
        'option',
        option,
        Object.keys(kinds).map((name) => `--${name}`),
      );
    // What follows the first sentence is advice for programmers.
    throw new Usage(error instanceof Error ? (error.message.split(/\n|\. To specify/)[0] ?? '') : String(error));
  }
}

/**
 * Reads the command line of a subcommand; `--dir` and its variable are common to all. Throws `Usage`.
 *
 * @param positional whether arguments that are no options are taken.
 */
export function readArgs(argv: readonly string[], kinds: OptionKinds, positional = false): SpoolArgs {
  const { values, positionals } = parsed(argv, { dir: 'string', ...kinds }, positional);
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  const directory = text('dir') ?? process.env.LOGFERRY_SPOOL_DIR?.trim();
  if (!directory) throw new Usage('say where the spool is: --dir PATH or LOGFERRY_SPOOL_DIR');
  return { directory, positionals, text, flag: (option) => values[option] === true };
}

const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of an option such as `30s` or `7d`. Throws `Usage`. */
export function durationOf(option: string, text: string): number {
  const [, number, unit = ''] = DURATION.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined) return Number(number) * factor;
  throw new Usage(`--${option} ${JSON.stringify(text)}: use a number with ms, s, m, h or d, for example 30s or 7d`);
}

/** A whole number above zero. Throws `Usage`. */
export function countOf(option: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new Usage(`--${option} ${JSON.stringify(text)}: use a whole number of at least 1`);
}

/** The platform that was asked for, checked against those that we know. Throws `Usage`. */
export function platformOf(text: string): string {
  const names: readonly string[] = PLATFORMS.map(({ name }) => name);
  if (names.includes(text)) return text;
  throw unknown('platform', text, names);
}

/** Whether a folder is a destination of the platform, whatever its spool name. */
export function isOfPlatform(folder: string, platform: string | undefined): boolean {
  if (platform === undefined) return true;
  const plain = destinationFolder(platform);
  return folder === plain || (folder.startsWith(`${plain}-`) && /^[0-9a-f]{8}$/.test(folder.slice(plain.length + 1)));
}
