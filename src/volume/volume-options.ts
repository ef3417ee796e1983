import { isPattern, ScopePatterns } from '../levels/pattern.ts';
import { knownOptions, numberOption } from '../option-checks.ts';
import type { BreadcrumbOptions } from './breadcrumbs.ts';
import type { BurstOptions } from './burst.ts';
import type { RepeatOptions } from './repeats.ts';
import type { RatioOf, SampleRule } from './sampling.ts';

/** How many records go on when there are very many. Everything is off by default; errors are never sampled. */
export interface VolumeOptions {
  /** Shares that are kept, by scope and severity; the most specific rule holds. Kept records carry the share. */
  readonly sample?: readonly SampleRule[];
  /** Most records in a time; errors always pass. */
  readonly burst?: BurstOptions;
  /** Equal records once, and their number. */
  readonly repeats?: boolean | RepeatOptions;
  /** The latest records of a trace, also those below the level that is sent, attached to its error. */
  readonly breadcrumbs?: boolean | BreadcrumbOptions;
}

/** Checked, and rules as one function. */
export interface VolumeSettings {
  readonly ratioOf: RatioOf | undefined;
  readonly burst: BurstOptions | undefined;
  readonly repeats: RepeatOptions | undefined;
  readonly breadcrumbs: BreadcrumbOptions | undefined;
}

/** In the order of their bands. */
const SEVERITIES: readonly string[] = ['trace', 'debug', 'info', 'warn'];
const MAX_CACHED_SCOPES = 1_000;

function checkRule(options: SampleRule, index: number): void {
  const where = `volume.sample[${index}]`;
  if (typeof options !== 'object' || options === null) throw new TypeError(`${where} must be an object`);
  knownOptions(options, ['scope', 'severity', 'ratio'], `${where}.`);
  const { scope, severity, ratio } = options;
  if (scope !== undefined && !isPattern(scope)) throw new TypeError(`${where}.scope must be a name or a pattern`);
  if (severity !== undefined && !SEVERITIES.includes(severity)) {
    throw new TypeError(`${where}.severity must be one of ${SEVERITIES.join(', ')}, got ${String(severity)}`);
  }
  if (typeof ratio !== 'number' || !(ratio >= 0 && ratio <= 1)) {
    throw new RangeError(`${where}.ratio must be a number from 0 to 1, got ${String(ratio)}`);
  }
}

/** The longest pattern that matches decides, for one severity before for all. */
function ratioFunction(sample: readonly SampleRule[]): RatioOf {
  const entry = ({ scope = '*', ratio }: SampleRule) => [scope, ratio] as const;
  const forAll = sample.filter(({ severity }) => severity === undefined).map(entry);
  const bands = SEVERITIES.map((name) => {
    const own = sample.filter(({ severity }) => severity === name).map(entry);
    // Of two equal patterns the later one decides.
    return new ScopePatterns([...forAll, ...own]);
  });
  const known = new Map<string, number>();
  return (scope, band) => {
    const key = `${band}${scope}`;
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const ratio = bands[band]?.best(scope) ?? 1;
    if (known.size < MAX_CACHED_SCOPES) known.set(key, ratio);
    return ratio;
  };
}

function switched<T extends object>(name: string, value: boolean | T | undefined, keys: readonly string[]) {
  if (value === undefined || value === false) return undefined;
  if (value === true) return {} as T;
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be true, false or an object`);
  knownOptions(value, keys, `${name}.`);
  for (const key of keys) {
    const given = (value as Record<string, unknown>)[key];
    if (given !== undefined) numberOption(`${name}.${key}`, given as number, 1, 1);
  }
  return value;
}

/** Checks the options; throws a `TypeError` or `RangeError` naming option and value. Undefined when nothing is on. */
export function volumeSettings(options: VolumeOptions | undefined): VolumeSettings | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) throw new TypeError('volume must be an object');
  knownOptions(options, ['sample', 'burst', 'repeats', 'breadcrumbs'], 'volume.');
  const { sample, burst } = options;
  if (sample !== undefined && !Array.isArray(sample)) throw new TypeError('volume.sample must be a list of rules');
  sample?.forEach(checkRule);
  if (burst !== undefined && burst.maxRecords === undefined) {
    throw new TypeError('volume.burst.maxRecords must be a number, got undefined');
  }
  const settings = {
    ratioOf: sample === undefined || sample.length === 0 ? undefined : ratioFunction(sample),
    burst: switched('volume.burst', burst, ['maxRecords', 'perMillis']),
    repeats: switched<RepeatOptions>('volume.repeats', options.repeats, ['windowMillis']),
    breadcrumbs: switched<BreadcrumbOptions>('volume.breadcrumbs', options.breadcrumbs, ['maxRecords', 'maxTraces']),
  };
  return Object.values(settings).some((setting) => setting !== undefined) ? settings : undefined;
}
