import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { LoadedConfig } from '../config/file.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { DeliveryOptions } from '../options.ts';
import { secretFile } from '../secret-file.ts';
import type { Variable } from './table.ts';
import { parseValue } from './values.ts';

/** What is wrong with the environment: what – where – how to fix, and a code that stays. */
export interface Problem {
  readonly code: ProblemCode;
  /** The variable concerned. */
  readonly where: string;
  readonly what: string;
  readonly fix: string;
}

/**
 * `LF001` part of the credentials is missing · `LF002` a value that the platform's options refuse (a bad URL, a key
 * with blanks) · `LF003` unknown variable · `LF004` a value that cannot be read · `LF005` a `_FILE` that cannot be read
 * · `LF006` unknown platform in `LOGFERRY_PLATFORMS` · `LF012` a spool directory that cannot be used · `LF014` a
 * configuration that cannot be loaded · `LF015` options of a configuration that cannot be used · `LF016` a levels file
 * that cannot be read, or parts of it · `LF017` fields to be hashed without a key.
 */
type ProblemCode =
  | 'LF001'
  | 'LF002'
  | 'LF003'
  | 'LF004'
  | 'LF005'
  | 'LF006'
  | 'LF012'
  | 'LF014'
  | 'LF015'
  | 'LF016'
  | 'LF017';

export interface EnvironmentContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** Delivery options that do not come from these variables (`OTEL_BLRP_*`, a meter provider). */
  readonly delivery: DeliveryOptions;
  /** Name of the service, which names its spool unless a variable does. */
  readonly service?: string;
  /** Default: the real one. */
  readonly clock?: Clock;
  /** How `LOGFERRY_CONFIG` is loaded. Default: as a module, at once. */
  readonly loadConfig?: (path: string) => LoadedConfig;
}

/** By option name. */
export type Values = Readonly<Record<string, unknown>>;

/** What holds for the variables that are not set. */
export function fallbacks(variables: readonly Variable[]): Values {
  return Object.fromEntries(
    variables.flatMap((variable) => {
      const { kind, option, fallback } = variable;
      const parsed = fallback === undefined ? undefined : parseValue(kind, fallback, variable);
      return parsed !== undefined && 'value' in parsed ? [[option, parsed.value]] : [];
    }),
  );
}

/** Reads variables, notes what is wrong with them, and never throws. */
export class Reader {
  readonly problems: Problem[] = [];
  /** Secrets whose file could not be read. */
  readonly unreadable = new Set<string>();
  /** Paths of those that could. */
  readonly #files = new Map<string, string>();
  readonly #context: EnvironmentContext;

  constructor(context: EnvironmentContext) {
    this.#context = context;
  }

  report(code: ProblemCode, where: string, what: string, fix: string): void {
    this.problems.push({ code, where, what, fix });
  }

  /** The text of a variable; empty counts as unset (OpenTelemetry's rule). */
  #text(variable: Variable): string | undefined {
    const direct = this.#context.env[variable.name]?.trim();
    if (direct) return direct;
    const path = variable.kind === 'secret' ? this.#context.env[`${variable.name}_FILE`]?.trim() : undefined;
    return path ? this.#content(variable.name, path) : undefined;
  }

  #content(name: string, path: string): string | undefined {
    let reason = 'it is empty';
    try {
      const text = this.#context.readFile(path).trim();
      if (text !== '') {
        this.#files.set(name, path);
        return text;
      }
    } catch (error) {
      reason = (error as NodeJS.ErrnoException | undefined)?.code ?? 'error';
    }
    this.unreadable.add(name);
    this.report('LF005', `${name}_FILE`, `names a file that cannot be read (${reason})`, 'check path and rights');
    return undefined;
  }

  /**
   * Values of the variables by option, without those that are unset or unreadable. Of two names for one option the one
   * that stands later in the table wins.
   */
  values(variables: readonly Variable[]): Values {
    const values: Record<string, unknown> = {};
    for (const variable of variables) {
      const text = this.#text(variable);
      if (text === undefined) continue;
      const parsed = parseValue(variable.kind, text, variable);
      if ('value' in parsed) values[variable.option] = parsed.value;
      if (parsed.expected === undefined) continue;
      const meant = 'value' in parsed ? undefined : didYouMean(text, parsed.words ?? []);
      const what = 'value' in parsed ? 'has parts that cannot be read' : 'has a value that cannot be read';
      this.report('LF004', variable.name, what, `${meant ? `did you mean ${meant}? ` : ''}use ${parsed.expected}`);
    }
    return values;
  }

  /** Whether a variable holds anything, itself or by a file. */
  isSet({ name, kind }: Variable): boolean {
    const { env } = this.#context;
    return Boolean(env[name]?.trim() || (kind === 'secret' && env[`${name}_FILE`]?.trim()));
  }

  /** Those of the values that came from files, as functions that follow their files. */
  following(variables: readonly Variable[], values: Values): Values {
    const { clock = systemClock } = this.#context;
    return Object.fromEntries(
      variables.flatMap(({ name, option }) => {
        const path = this.#files.get(name);
        return path === undefined ? [] : [[option, secretFile(path, String(values[option]), clock)]];
      }),
    );
  }
}
