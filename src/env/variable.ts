import type { SlowSpanRule } from '../instrument/slow-rules.ts';
import type { LevelMap } from '../levels/levels.ts';
import type { PlatformName } from '../platforms/registry.ts';
import type { TrakerrCustomData } from '../platforms/trakerr.ts';
import type { PatternName } from '../record/redact/text-redactor.ts';
import type { BreadcrumbOptions } from '../volume/breadcrumbs.ts';
import type { BurstOptions } from '../volume/burst.ts';
import type { RepeatOptions } from '../volume/repeats.ts';
import type { SampleRule } from '../volume/sampling.ts';

/** What the text of a variable becomes, by kind. */
export interface KindValues {
  /** As it is. */
  readonly text: string;
  /** As it is; also given as `NAME_FILE`, and never shown. */
  readonly secret: string;
  readonly url: string;
  /** A severity number, 1–24. */
  readonly level: number;
  /** `db.*=warn,http=info` */
  readonly levels: LevelMap;
  /** Names in lower case, by comma. */
  readonly list: readonly string[];
  /** Texts by comma. */
  readonly texts: readonly string[];
  readonly boolean: boolean;
  /** Bytes of `64k`, `10mb`. */
  readonly size: number;
  /** Milliseconds of `500ms`, `5s`, `1m`. */
  readonly duration: number;
  /** A whole number. */
  readonly count: number;
  /** One of the variable's `words`. */
  readonly word: never;
  /** `team=checkout,region=eu`, percent-encoded. */
  readonly attributes: Readonly<Record<string, string>>;
  /** `true`, `false`, or any other text. */
  readonly textOrBoolean: string | boolean;
  /** A whole number, or `off`. */
  readonly countOrOff: number | false;
  /** `order.id=1,total=d1`: attributes in Trakerr's slots for texts and, with `d`, for numbers. */
  readonly slots: TrakerrCustomData;
  /** `debug=0.1,db.*=50%`: shares that are kept. */
  readonly sample: readonly SampleRule[];
  /** `1000/s` */
  readonly burst: BurstOptions;
  /** A duration, `true` or `false`. */
  readonly repeats: RepeatOptions | boolean;
  /** `http.server>1s,db>100ms` */
  readonly slow: readonly SlowSpanRule[];
  /** Names of fields and patterns of them, by comma. */
  readonly names: readonly string[];
  /** What stands for a secret. */
  readonly censor: string;
  /** Names of patterns by comma. */
  readonly patterns: readonly (PatternName | 'default')[];
  /** A number of records, `true` or `false`. */
  readonly breadcrumbs: BreadcrumbOptions | boolean;
}

export type VariableKind = keyof KindValues;

/** The kinds whose values an option takes. */
type KindFor<Option> = { [Kind in VariableKind]: KindValues[Kind] extends Option ? Kind : never }[VariableKind];

/** What is said of a variable where its name follows from its place. */
export interface Row<Option = unknown> {
  readonly kind: KindFor<Option>;
  /** Used when the variable is not set; as it would be written in the environment. */
  readonly fallback?: string;
  /** What holds when it is not set, in words; default: `fallback`. */
  readonly usual?: string;
  readonly description: string;
  /** Of kind `word`: the words, lower and upper case as the option takes them. */
  readonly words?: readonly Extract<Option, string>[];
  /** Of numbers, sizes and durations. */
  readonly least?: number;
  readonly most?: number;
  /** Of kind `secret`: characters. */
  readonly shortest?: number;
}

/** Options that only code can give: functions and objects. */
export const CODE_ONLY = 'code only';

/** One environment variable: what the parser, the documentation and the spelling help know of it. */
export interface Variable extends Omit<Row, 'words'> {
  readonly name: string;
  /**
   * Whose option it sets: `general` ones concern the process, `delivery` ones the way to one destination or to all,
   * `factory` ones are those of `logtide()`, `odysseus()` and the like.
   */
  readonly of: 'general' | 'delivery' | 'factory';
  /** With a dot where options are grouped: `queue.maxBytes`. */
  readonly option: string;
  /** The platform it belongs to; undefined for settings that concern all. */
  readonly platform?: PlatformName;
  /** Chapter of the documentation. */
  readonly topic: Topic;
  readonly words?: readonly string[];
  /** The platform's own name for what `LOGFERRY_…` can say too; that wins. */
  readonly yields?: boolean;
}

export type Topic =
  | 'Credentials and addresses'
  | 'What is sent'
  | 'How much is sent'
  | 'Privacy'
  | 'What is added'
  | 'Waiting and sending'
  | 'Spool'
  | 'The process'
  | 'Platforms';

/** `maxUnmappedBytes` → `MAX_UNMAPPED_BYTES` */
export function upperSnake(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
