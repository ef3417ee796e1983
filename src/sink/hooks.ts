import type { IncomingHttpHeaders } from 'node:http';
import { redactBody, redactHeaders, redactPath } from './redact.ts';
import type { SinkAnswer, SinkChannel, SinkOptions, SinkPlatform, SinkRequest } from './types.ts';

/** A request that hooks may want to see. */
export interface Visible {
  readonly platform: SinkPlatform;
  readonly channel: SinkChannel;
  readonly method: string;
  /** Request target: path and query as on the wire. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: number;
  readonly atMillis: number;
}

/** The request for hooks; built only when there is one, because redaction costs more than the rest. */
export function seenByHooks({ respond, onRequest }: SinkOptions, request: Visible): SinkRequest | undefined {
  if (respond === undefined && onRequest === undefined) return undefined;
  const { platform, channel, method, bytes, atMillis } = request;
  const path = redactPath(request.target);
  const body = redactBody(platform, request.body);
  return { platform, channel, method, path, headers: redactHeaders(request.headers), body, bytes, atMillis };
}

/** Tells `onRequest` how a request ended. */
export function tellHooks(
  options: SinkOptions,
  seen: SinkRequest | undefined,
  effect: SinkAnswer | 'hang' | 'reset',
): void {
  if (seen === undefined) return;
  const silent = typeof effect === 'string';
  options.onRequest?.(seen, silent ? { status: 0, reason: `injected fault: ${effect}` } : effect);
}
