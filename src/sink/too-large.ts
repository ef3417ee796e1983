import type { CheckContext, CheckResult } from './check.ts';
import { refuse } from './check.ts';
import { rateHeaders } from './logtide-answers.ts';
import type { SinkPlatform } from './types.ts';

/**
 * 413 in the platform's style. The body has not been read, so the connection cannot be used again.
 * LogTide line A's is captured; line B's body is inferred from its 415, the other platforms' are invented. Unlike the
 * real LogTide, the sink answers before it looks at the key.
 */
export function tooLarge(platform: SinkPlatform, context: CheckContext): CheckResult {
  const reason = 'body: is over 52,428,800 bytes';
  const message = 'Request body is too large';
  const closing = { connection: 'close' };
  if (platform === 'logtide') {
    const base = { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE', error: 'Payload Too Large' };
    const body = context.logtideServer === 'A' ? { ...base, message } : base;
    return refuse(413, body, reason, { ...rateHeaders(context), ...closing });
  }
  if (platform === 'trakerr') return refuse(413, { code: 413, message, fields: 'body' }, reason, closing);
  return refuse(413, { error: 'Payload Too Large', message }, reason, closing);
}
