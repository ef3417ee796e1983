import type { Source } from './packages.ts';

type Env = Readonly<Record<string, string | undefined>>;

const TRUE = /^\s*(?:true|1|on|yes)\s*$/i;
const PREFIX = '@opentelemetry/instrumentation-';

function list(text: string | undefined): readonly string[] | undefined {
  const items = text
    ?.split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '')
    .map((item) => (item.startsWith(PREFIX) ? item.slice(PREFIX.length) : item));
  return items?.length ? items : undefined;
}

/** Which sources the environment asks for. */
export class Selection {
  readonly #own: readonly string[] | undefined;
  readonly #enabled: readonly string[] | undefined;
  readonly #disabled: readonly string[];
  readonly #wanted: Readonly<Record<string, boolean>>;

  /** `wanted`: what the application's configuration says, by name. It wins over the environment. */
  constructor(env: Env, wanted: Readonly<Record<string, boolean>> = {}) {
    this.#own = list(env.LOGFERRY_SOURCES);
    this.#enabled = list(env.OTEL_NODE_ENABLED_INSTRUMENTATIONS);
    this.#disabled = list(env.OTEL_NODE_DISABLED_INSTRUMENTATIONS) ?? [];
    this.#wanted = { ...(TRUE.test(env.LOGFERRY_CONSOLE ?? '') && { console: true }), ...wanted };
  }

  /** `LOGFERRY_SOURCES=none`: nothing is instrumented, no span is made. */
  get isNone(): boolean {
    return this.#own?.includes('none') ?? false;
  }

  /** Whether everything that is installed may be instrumented, as far as its own variables allow. */
  get isOpen(): boolean {
    return this.#own === undefined;
  }

  takes({ name, optIn }: Pick<Source, 'name' | 'optIn'>): boolean {
    if (this.isNone || this.#disabled.includes(name)) return false;
    const wanted = this.#wanted[name];
    if (wanted !== undefined) return wanted;
    if (this.#own !== undefined) return this.#own.includes(name);
    if (this.#enabled !== undefined) return this.#enabled.includes(name);
    return optIn !== true;
  }
}
