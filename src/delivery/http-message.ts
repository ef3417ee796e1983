/** A request about to be sent; the only place where credentials appear. */
export interface HttpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is kept of an answer. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; a repeated header is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most the first 64 KiB, as text. */
  readonly body: string;
}
