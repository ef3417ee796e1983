import type { HrTime } from '@opentelemetry/api';
import type { EndedSpan } from '../../span-event-bridge.ts';

/** A span as its processor sees it at the start and at the end; the SDKs of both OpenTelemetry lines fit. */
export interface HttpSpan extends EndedSpan {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly endTime: HrTime;
}

/** What a server span says of its request, from the stable names of the conventions or the older ones. */
export interface ServerRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** Without `?`; empty for none. */
  readonly query: string;
  /** The template that matched, e.g. `/orders/:id`. */
  readonly route?: string;
  /** Undefined while there is no answer, or when the connection ended before it. */
  readonly status?: number;
}

/** Numeric `SpanKind`. */
const SERVER = 1;

function first(attributes: HttpSpan['attributes'], ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = attributes[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function statusOf(attributes: HttpSpan['attributes']): number | undefined {
  const value = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && number >= 100 && number <= 999 ? number : undefined;
}

/** Path and query of `/a?b`, `http://host/a?b`, or of the separate attributes. */
function target(attributes: HttpSpan['attributes']): readonly [path: string, query: string] {
  const path = first(attributes, 'url.path');
  if (path !== undefined) return [path, (first(attributes, 'url.query') ?? '').replace(/^\?/, '')];
  const whole = first(attributes, 'http.target', 'url.full', 'http.url') ?? '/';
  const local = whole.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const mark = local.indexOf('?');
  return mark === -1 ? [local || '/', ''] : [local.slice(0, mark) || '/', local.slice(mark + 1)];
}

/** The request of an HTTP server span; undefined for every other span. */
export function serverRequest(span: HttpSpan): ServerRequest | undefined {
  if (span.kind !== SERVER) return undefined;
  const { attributes } = span;
  const method = first(attributes, 'http.request.method_original', 'http.request.method', 'http.method');
  if (method === undefined) return undefined;
  const [path, query] = target(attributes);
  const route = first(attributes, 'http.route');
  const status = statusOf(attributes);
  return { method, path, query, ...(route && { route }), ...(status !== undefined && { status }) };
}
