import type { Dispatcher } from 'undici';
import type { HttpAnswer } from './http-message.ts';

/** Answers are read this far; what matters stands at the beginning, and a hostile server may never end. */
const MAX_ANSWER_BYTES = 65_536;

/** No answer came; `code` as the system or undici names the reason. */
export interface Failed {
  readonly code: string;
}

/** The code of an error and nothing else of it. */
export function failedBy(error: unknown): Failed {
  const { code } = error as { code?: unknown };
  // Only the code: undici's messages may quote header values, which would print a key.
  return { code: typeof code === 'string' ? code : 'UNKNOWN' };
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Collects the status, the headers and the beginning of one answer. */
export class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #settle: (result: HttpAnswer | Failed) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #bytes = 0;
  #aborted = false;

  constructor(settle: (result: HttpAnswer | Failed) => void) {
    this.#settle = settle;
  }

  /** A request that still waits for a connection is never written. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('timeout'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = statusCode;
    this.#headers = headersOf(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < MAX_ANSWER_BYTES) return;
    this.#answer();
    controller.abort(new Error('answer too long'));
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#settle(failedBy(error));
  }

  #answer(): void {
    const body = Buffer.concat(this.#chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
    this.#settle({ status: this.#status, headers: this.#headers, body });
  }
}
