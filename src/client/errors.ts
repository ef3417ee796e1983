/** What a server said in its refusal. */
export interface ApiErrorDetails {
  readonly status: number;
  readonly code?: string | undefined;
  readonly retryAfterMillis?: number | undefined;
}

/**
 * The server refused a request, or its answer is not LogTide's. The message names the path and repeats what the server
 * said, never the key.
 */
export class LogTideApiError extends Error {
  override readonly name = 'LogTideApiError';
  /** HTTP status; 200 with code `UNEXPECTED_ANSWER` for an answer that is not LogTide's. */
  readonly status: number;
  /** The server's own word, such as `FST_ERR_VALIDATION`, if it gave one. */
  readonly code: string | undefined;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfterMillis: number | undefined;

  constructor(message: string, { status, code, retryAfterMillis }: ApiErrorDetails) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMillis = retryAfterMillis;
  }
}

/** No whole answer came. The message names the path and the code, never the key. */
export class LogTideConnectionError extends Error {
  override readonly name = 'LogTideConnectionError';
  /**
   * As the system or undici names it (`ECONNREFUSED`, `UND_ERR_SOCKET`, `CERT_HAS_EXPIRED`), or `TIMEOUT` (no answer in
   * time), `IDLE` (a live stream went silent), `ENDED` (the server ended a live stream), `TOO_LARGE` (an answer above
   * 128 MiB).
   */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Statuses that may be different the next time. */
const TRANSIENT = new Set([408, 425, 429]);
const TLS =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|INVALID_CA|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)/;
/** What undici refuses to write; the same request is refused again. */
const REFUSED = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'TOO_LARGE']);

/** Whether the same request may succeed later, without anybody changing anything. */
export function mayHeal(error: unknown): boolean {
  if (error instanceof LogTideApiError) return TRANSIENT.has(error.status) || error.status >= 500;
  return error instanceof LogTideConnectionError && !TLS.test(error.code) && !REFUSED.has(error.code);
}
