import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { PackageFinder } from '../sources/resolve.ts';

export type Env = Readonly<Record<string, string | undefined>>;

type Sdk = Readonly<Record<string, unknown>>;
type Class = new (...args: unknown[]) => object;

/** The items of a comma-separated list, lower-case, without repetitions; undefined when there is none. */
export function itemsOf(text: string | undefined): readonly string[] | undefined {
  const items = (text ?? '').split(',').map((item) => item.trim().toLowerCase());
  const given = [...new Set(items.filter((item) => item !== ''))];
  return given.length > 0 ? given : undefined;
}

function ratioOf(env: Env, warnings: string[]): number {
  const text = env.OTEL_TRACES_SAMPLER_ARG?.trim();
  if (!text) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warnings.push('LF022 OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1: 1 is used');
  return 1;
}

/** The sampler that `OTEL_TRACES_SAMPLER` names; undefined for the SDK's default, every span of a sampled parent. */
export function samplerOf(env: Env, sdk: Sdk, warnings: string[]): object | undefined {
  const name = env.OTEL_TRACES_SAMPLER?.trim().toLowerCase();
  if (!name) return undefined;
  const make = (className: string, ...args: unknown[]): object => new (sdk[className] as Class)(...args);
  const roots: Readonly<Record<string, () => object>> = {
    always_on: () => make('AlwaysOnSampler'),
    always_off: () => make('AlwaysOffSampler'),
    traceidratio: () => make('TraceIdRatioBasedSampler', ratioOf(env, warnings)),
  };
  const parentBased = name.startsWith('parentbased_');
  const root = roots[parentBased ? name.slice('parentbased_'.length) : name];
  if (root === undefined) {
    warnings.push('LF022 OTEL_TRACES_SAMPLER names no sampler that is known here: parentbased_always_on is used');
    return undefined;
  }
  return parentBased ? make('ParentBasedSampler', { root: root() }) : root();
}

/** Propagators that are packages of their own. */
const PACKAGES: Readonly<Record<string, { readonly name: string; readonly make: (exports: Sdk) => object }>> = {
  b3: { name: '@opentelemetry/propagator-b3', make: ({ B3Propagator }) => new (B3Propagator as Class)() },
  b3multi: {
    name: '@opentelemetry/propagator-b3',
    make: ({ B3Propagator, B3InjectEncoding }) =>
      new (B3Propagator as Class)({
        injectEncoding: (B3InjectEncoding as { MULTI_HEADER?: unknown } | undefined)?.MULTI_HEADER,
      }),
  },
  jaeger: {
    name: '@opentelemetry/propagator-jaeger',
    make: ({ JaegerPropagator }) => new (JaegerPropagator as Class)(),
  },
};

function packaged(item: string, finder: PackageFinder, warnings: string[]): readonly object[] {
  const entry = PACKAGES[item];
  if (entry === undefined) {
    warnings.push(`LF022 OTEL_PROPAGATORS lists "${item.slice(0, 40)}", which is not known here: it is left out`);
    return [];
  }
  const loaded = finder.load(entry.name);
  if (loaded.kind === 'loaded') return [entry.make(loaded.exports)];
  warnings.push(`LF023 OTEL_PROPAGATORS lists ${item}: npm install ${entry.name}`);
  return [];
}

/** What `OTEL_PROPAGATORS` lists; default `tracecontext,baggage`; undefined for `none`. */
export function propagatorOf(env: Env, finder: PackageFinder, warnings: string[]): TextMapPropagator | undefined {
  const items = itemsOf(env.OTEL_PROPAGATORS) ?? ['tracecontext', 'baggage'];
  const propagators = items.flatMap((item): readonly object[] => {
    if (item === 'none') return [];
    if (item === 'tracecontext') return [new W3CTraceContextPropagator()];
    if (item === 'baggage') return [new W3CBaggagePropagator()];
    return packaged(item, finder, warnings);
  });
  if (propagators.length === 0) return undefined;
  return new CompositePropagator({ propagators: propagators as TextMapPropagator[] });
}
