import { type Finding, finding } from './finding.ts';
import { findPackage, type Manifest } from './packages.ts';
import type { Surroundings } from './surroundings.ts';
import { partsOf } from './version-range.ts';

/** What an SDK that registers itself has: loggers and spans, or spans only. */
type Takes = 'logs' | 'traces';

const OTHERS: ReadonlyMap<string, Takes> = new Map([
  ['@opentelemetry/sdk-node', 'logs'],
  ['@opentelemetry/auto-instrumentations-node', 'logs'],
  ['@elastic/opentelemetry-node', 'logs'],
  ['@splunk/otel', 'logs'],
  ['@azure/monitor-opentelemetry', 'logs'],
  ['@dash0/opentelemetry', 'logs'],
  ['@sentry/node', 'traces'],
]);
/** From this version on it registers nothing by itself. */
const SENTRY_WITHOUT_OTEL = 11;

/** The modules that a start option loads, in its order. */
export function preloaded(options: string | undefined): readonly string[] {
  const words = (options ?? '').split(/\s+/).filter((word) => word !== '');
  return words.flatMap((word, index) => {
    const [, joined] = /^--(?:import|require)=(.+)$/.exec(word) ?? [];
    if (joined !== undefined) return [joined.replace(/^["']|["']$/g, '')];
    const next = words[index + 1];
    return /^(?:--import|--require|-r)$/.test(word) && next !== undefined ? [next.replace(/^["']|["']$/g, '')] : [];
  });
}

/** Whether a module is of a package. */
function isOf(module: string, name: string): boolean {
  return module === name || module.startsWith(`${name}/`) || module.includes(`/node_modules/${name}/`);
}

interface OtherSdk {
  readonly name: string;
  readonly version: string | undefined;
  readonly takes: Takes;
  /** `before` and `after` logferry in the start options, or somewhere in the application. */
  readonly loaded: 'before' | 'after' | 'application';
}

/** The SDKs that are loaded with the application or are among its packages, and register themselves. */
export function otherSdks({ env, cwd }: Surroundings, manifest: Manifest | undefined): readonly OtherSdk[] {
  const scripts = Object.values(manifest?.scripts ?? {}).flatMap((script) => preloaded(script));
  const modules = [...preloaded(env.NODE_OPTIONS), ...scripts];
  const ours = modules.findIndex((module) => isOf(module, 'logferry'));
  return [...OTHERS].flatMap(([name, takes]): readonly OtherSdk[] => {
    const at = modules.findIndex((module) => isOf(module, name));
    if (at === -1 && !(name in (manifest?.dependencies ?? {}))) return [];
    const version = findPackage(cwd, name)?.version;
    if (name === '@sentry/node' && (partsOf(version ?? '')?.[0] ?? 0) >= SENTRY_WITHOUT_OTEL) return [];
    return [
      { name, version, takes, loaded: at === -1 ? 'application' : ours !== -1 && ours < at ? 'after' : 'before' },
    ];
  });
}

function words({ name, version, takes, loaded }: OtherSdk): string {
  const what = version === undefined ? name : `${name} ${version}`;
  if (takes === 'traces') return `${what} makes the spans; logs go through logferry all the same`;
  if (loaded === 'after') return `${what} is loaded after logferry, which makes way: both get every record`;
  if (loaded === 'before') return `${what} is loaded before logferry, which joins it: both get every record`;
  return `${what} is installed; once it is started, both get every record`;
}

/** `DR016`: another SDK that registers itself, and who gets the logs then. */
export function checkOtherSdk(on: Surroundings, manifest: Manifest | undefined): Finding {
  const others = otherSdks(on, manifest);
  const exporter = on.env.OTEL_LOGS_EXPORTER?.trim().toLowerCase();
  const details = { others, logsExporter: exporter ?? null };
  if (others.length === 0) return finding('DR016', 'ok', 'no other SDK that registers itself', { details });
  const rivals = others.filter(({ takes }) => takes === 'logs');
  const what = others.map(words).join('; ');
  if (rivals.length === 0) return finding('DR016', 'ok', what, { details });
  if (exporter === 'none') {
    const names = rivals.map(({ name }) => name).join(', ');
    return finding('DR016', 'ok', `${names} leaves the logs to logferry (OTEL_LOGS_EXPORTER=none)`, { details });
  }
  if (exporter === undefined || exporter === '') {
    return finding('DR016', 'warning', `${what}; theirs go to an OTLP collector on this machine`, {
      fix: 'set OTEL_LOGS_EXPORTER=none, unless there is a collector that is to have them too',
      details,
    });
  }
  return finding('DR016', 'ok', what, { details });
}

/** `DR018`: whether something is to be seen that loads logferry. */
export function checkStart({ env }: Surroundings, manifest: Manifest | undefined): Finding {
  const isOurs = (module: string): boolean =>
    module === 'logferry/register' || module.includes('logferry/dist/register');
  if (preloaded(env.NODE_OPTIONS).some(isOurs)) {
    return finding('DR018', 'ok', 'NODE_OPTIONS loads logferry/register', { details: { by: 'NODE_OPTIONS' } });
  }
  const script = Object.entries(manifest?.scripts ?? {}).find(([, text]) => preloaded(text).some(isOurs))?.[0];
  if (script !== undefined) {
    const details = { by: 'script', script };
    return finding('DR018', 'ok', `the script "${script}" loads logferry/register`, { details });
  }
  return finding('DR018', 'warning', 'neither NODE_OPTIONS nor a script of package.json loads logferry/register', {
    fix: 'start with: node --import logferry/register app.js (needless where the application makes an exporter in code)',
    details: { by: null },
  });
}
