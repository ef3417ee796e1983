const SECONDS = /^\d{1,9}$/;
/** IMF-fixdate, the only date form a server may send (RFC 9110 §5.6.7). */
const IMF_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export interface RetryAfterContext {
  /** The answer's own `Date` header; a date is measured against it, which cancels clock skew. */
  readonly date?: string | undefined;
  readonly wallNow: number;
  readonly maxMillis: number;
}

function dateMillis(text: string | undefined): number | undefined {
  if (text === undefined || !IMF_DATE.test(text)) return undefined;
  const millis = Date.parse(text);
  return Number.isNaN(millis) ? undefined : millis;
}

/**
 * Milliseconds that a `Retry-After` header asks for, clamped to [0, maxMillis]; undefined for anything that is neither
 * whole seconds nor an IMF date (`-5`, `abc`, `120, 5`), which is ignored. Source: RFC 9110 §10.2.3.
 */
export function retryAfterMillis(header: string | undefined, context: RetryAfterContext): number | undefined {
  const text = header?.trim();
  if (text === undefined) return undefined;
  if (SECONDS.test(text)) return Math.min(Number(text) * 1000, context.maxMillis);
  const at = dateMillis(text);
  if (at === undefined) return undefined;
  const from = dateMillis(context.date?.trim()) ?? context.wallNow;
  return Math.min(Math.max(at - from, 0), context.maxMillis);
}
