import type { DeliveryOptions } from '../options.ts';
import type { RedactOptions } from '../redact-options.ts';
import type { Values } from './reader.ts';

type Group = Readonly<Record<string, unknown>>;

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null;
}

/** Groups options by the parts before dots: `{ 'queue.maxBytes': 1 }` → `{ queue: { maxBytes: 1 } }`. */
export function grouped(values: Values): DeliveryOptions {
  const options: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let group = options;
    for (const name of names) {
      if (!isGroup(group[name])) group[name] = {};
      group = group[name] as Record<string, unknown>;
    }
    group[last] = value;
  }
  // Switched off, whatever else is said of it.
  if (values.redact === false) options.redact = false;
  return options;
}

const GROUPS = ['volume', 'limits', 'queue', 'spool', 'batch', 'http', 'retry', 'circuitBreaker', 'timeouts'] as const;

/** The later one wins, option by option; on and off leave what was said before as it is for the next. */
function mergedRedact(layers: readonly (DeliveryOptions | undefined)[]): DeliveryOptions['redact'] {
  let all: RedactOptions = {};
  let on: boolean | undefined;
  for (const redact of layers.map((layer) => layer?.redact)) {
    if (redact === undefined) continue;
    on = redact !== false;
    if (typeof redact !== 'object') continue;
    const hash = redact.hash && { ...all.hash, ...redact.hash };
    all = { ...all, ...redact, ...(hash && { hash }) };
  }
  if (on === undefined || on === false) return on;
  return Object.keys(all).length > 0 ? all : true;
}

/** Options of all layers; within each group the later layer wins option by option. */
export function merged(...layers: readonly (DeliveryOptions | undefined)[]): DeliveryOptions {
  const all: Record<string, unknown> = Object.assign({}, ...layers);
  for (const group of GROUPS) {
    const parts = layers.flatMap((layer) => (layer?.[group] === undefined ? [] : [layer[group] as Group]));
    if (parts.length > 0) all[group] = Object.assign({}, ...parts);
  }
  const redact = mergedRedact(layers);
  return redact === undefined ? all : { ...all, redact };
}

/**
 * Values are hashed with a key only; without one they are masked, which is the safe side. Whether that was so is told
 * beside the options.
 */
export function withHashKey(options: DeliveryOptions): {
  readonly options: DeliveryOptions;
  readonly keyless: boolean;
} {
  const { redact } = options;
  if (typeof redact !== 'object' || redact.hash === undefined || redact.hash.key !== undefined) {
    return { options, keyless: false };
  }
  const { hash, ...others } = redact;
  const fields = [...(others.fields ?? []), ...(hash.fields ?? [])];
  return { options: { ...options, redact: { ...others, fields } }, keyless: (hash.fields ?? []).length > 0 };
}

/** Without a directory there is no spool; it is named by the service unless it has a name. */
export function withSpool({ spool, ...options }: DeliveryOptions, service: string | undefined): DeliveryOptions {
  if (spool?.directory === undefined) return options;
  return { ...options, spool: { ...spool, name: spool.name ?? service ?? '' } };
}
