import type { StatusTest } from './statuses.ts';

/** What a middleware knows of a request beyond its span. */
export interface RequestExtras {
  /** Attributes to add; read once, when the request has ended. Never throws. */
  attributes(): Readonly<Record<string, unknown>>;
  /** In place of the processor's own, where given. */
  readonly tracked: StatusTest | undefined;
  readonly slowMillis: number | undefined;
  /** The middleware need not log the request itself. */
  taken(): void;
}

/** One registry for each thread: the middleware may come from another copy of logferry than the processor. */
const REGISTRY = Symbol.for('logferry.request-extras.1');

function registry(): WeakMap<object, RequestExtras> {
  const slots = globalThis as Record<symbol, unknown>;
  slots[REGISTRY] ??= new WeakMap<object, RequestExtras>();
  return slots[REGISTRY] as WeakMap<object, RequestExtras>;
}

/** Hands to whoever logs this span what is known beyond it. They stay out of the span: traces go elsewhere. */
export function attachExtras(span: object, extras: RequestExtras): void {
  registry().set(span, extras);
}

export function extrasOf(span: object): RequestExtras | undefined {
  return registry().get(span);
}
