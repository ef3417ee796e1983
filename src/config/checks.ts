import { Additions } from '../additions.ts';
import { didYouMean } from '../did-you-mean.ts';
import { RequestLogProcessor } from '../instrument/http/request-logs.ts';
import { recordEnricher } from '../instrument/log-context-processor.ts';
import type { SlowSpanRulesOptions } from '../instrument/slow-spans.ts';
import { SlowSpanRules } from '../instrument/slow-spans.ts';
import { levelsOption, numberOption } from '../option-checks.ts';
import { deliverySettings } from '../options.ts';
import { PLATFORMS } from '../platforms/registry.ts';
import type { Config } from './config.ts';

/** Something in a configuration that cannot be used; the rest of it can. */
export interface ConfigProblem {
  readonly what: string;
  readonly fix: string;
}

type Report = (what: string, fix: string) => void;
type Check = (value: unknown) => void;

const NOWHERE = { emitSpanEvent(): void {}, async forceFlush(): Promise<void> {} };
const FALL_BACK = 'correct it; until then it counts as not given';

function object(option: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(`${option} must be an object`);
}

function flag(option: string): Check {
  return (value) => {
    if (typeof value !== 'boolean') throw new TypeError(`${option} must be a boolean, got ${typeof value}`);
  };
}

function values(option: string, fits: (value: unknown) => boolean, expected: string): Check {
  return (value) => {
    for (const [key, one] of Object.entries(object(option, value))) {
      if (!fits(one)) throw new TypeError(`${option}['${key}'] must be ${expected}, got ${typeof one}`);
    }
  };
}

function delivery(value: unknown): void {
  const { spool, ...others } = object('delivery', value);
  deliverySettings(others);
  // The directory may come from the environment.
  if (spool !== undefined) deliverySettings({ spool: { directory: '.', ...object('spool', spool) } });
}

function destination(name: string): Check {
  return (value) => {
    if (value === false) return;
    const { delivery: own } = object(`destinations.${name}`, value);
    if (own !== undefined) delivery(own);
  };
}

function platform(value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError('platforms must be a list');
  for (const entry of value as readonly unknown[]) {
    const { name, platform: inner = entry } = object('each of platforms', entry);
    if (name === undefined && inner === entry) {
      throw new TypeError('platforms must be made by logtide(), odysseus() and the like');
    }
  }
}

const CHECKS: { readonly [Option in keyof Required<Config>]: Check } = {
  destinations: (value) => void object('destinations', value),
  platforms: platform,
  delivery,
  levels: (value) => void levelsOption('levels', value as Config['levels']),
  attributes: (value) => void new Additions({ attributes: object('attributes', value) }),
  tags: (value) => void new Additions({ tags: value as readonly string[] }),
  resource: values('resource', (one) => typeof one === 'string' || typeof one === 'number', 'a text or number'),
  sources: values('sources', (one) => typeof one === 'boolean', 'true or false'),
  context: (value) => void recordEnricher(object('context', value)),
  captureUncaught: flag('captureUncaught'),
  slow: (value) => void new SlowSpanRules({ rules: value as SlowSpanRulesOptions['rules'] }),
  http: (value) => void new RequestLogProcessor({ ...object('http', value), targets: NOWHERE }),
  flushTimeoutMillis: (value) => void numberOption('flushTimeoutMillis', value, 0, 0, false),
  quiet: flag('quiet'),
  strict: flag('strict'),
};

const DESTINATIONS: Readonly<Record<string, Check>> = Object.fromEntries(
  PLATFORMS.map(({ name }) => [name, destination(name)]),
);

/** The values that pass their checks; what is wrong with the others is reported. */
function good(given: object, checks: Readonly<Record<string, Check>>, place: string, report: Report): object {
  const entries = Object.entries(given).filter(([option, value]) => {
    if (value === undefined) return false;
    const check = Object.hasOwn(checks, option) ? checks[option] : undefined;
    if (check === undefined) {
      const meant = didYouMean(option, Object.keys(checks));
      const advice = meant === undefined ? `use ${Object.keys(checks).join(', ')}` : `did you mean ${place}${meant}?`;
      report(`has ${place}${option.slice(0, 40)}, which is no option`, advice);
      return false;
    }
    try {
      check(value);
      return true;
    } catch (error) {
      // What was given instead may be a secret that stands in the wrong place.
      const message = error instanceof Error ? error.message.replace(/, got .*$/s, '') : 'cannot be read';
      report(`has an option that cannot be used: ${place}${option}: ${message}`, FALL_BACK);
      return false;
    }
  });
  return Object.fromEntries(entries);
}

/** The parts of an exported value that can be used, and what is wrong with the others. Never throws. */
export function checkedConfig(value: unknown): {
  readonly config: Config;
  readonly problems: readonly ConfigProblem[];
} {
  const problems: ConfigProblem[] = [];
  const report: Report = (what, fix) => problems.push({ what, fix });
  try {
    const { destinations, ...config } = good(object('the default export', value), CHECKS, '', report) as Config;
    const chosen = good(destinations ?? {}, DESTINATIONS, 'destinations.', report);
    return { config: { ...config, destinations: chosen }, problems };
  } catch {
    report('exports no options', 'export default defineConfig({ … })');
    return { config: {}, problems };
  }
}
