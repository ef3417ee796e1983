import type { Level } from '../../levels/names.ts';

/** How a request has ended. */
export interface RequestEnd {
  readonly method: string;
  readonly path: string;
  /** Undefined when the connection ended before an answer. */
  readonly status: number | undefined;
  readonly durationMillis: number;
  /** Whether something was thrown, or the span says so. */
  readonly failed: boolean;
  /** From here on a request is slow; `Infinity` for never. */
  readonly slowMillis: number;
}

/** What its record says. */
export interface RequestLine {
  readonly level: Level;
  readonly text: string;
  readonly slow: boolean;
  readonly failed: boolean;
}

/** `GET /orders/17 200 (45ms)`: an error for 5xx, a warning for 4xx, for what was aborted and for what was slow. */
export function requestLine({ method, path, status, durationMillis, failed, slowMillis }: RequestEnd): RequestLine {
  const slow = durationMillis >= slowMillis;
  const broken = failed || (status !== undefined && status >= 500);
  const refused = status === undefined || status >= 400;
  const mark = slow ? ` [SLOW: ${Math.round(durationMillis)}ms >= ${slowMillis}ms]` : '';
  return {
    level: broken ? 'error' : slow || refused ? 'warn' : 'info',
    text: `${method} ${path} ${status ?? 'aborted'} (${Math.round(durationMillis)}ms)${mark}`,
    slow,
    failed: broken,
  };
}
