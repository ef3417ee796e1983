/** Which bodies are kept, and how much of each. */
export interface BodyLimits {
  /** Bytes of one body; the rest is counted. */
  readonly maxBytes: number;
  /** Whether a media type (lower case, without parameters) is text that may be kept. */
  readonly isText: (mediaType: string) => boolean;
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
const FORM_TYPE = 'application/x-www-form-urlencoded';

function mediaTypeOf(contentType: unknown): string {
  const text = Array.isArray(contentType) ? contentType[0] : contentType;
  return typeof text === 'string' ? (text.split(';', 1)[0] ?? '').trim().toLowerCase() : '';
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, Buffer.isEncoding(String(encoding)) ? (encoding as BufferEncoding) : 'utf8');
}

/** Looks on while a body passes, and keeps its beginning. Never holds back, changes or reads what passes. */
export class BodyTap {
  readonly #limits: BodyLimits;
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #bytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** A chunk that passes; `encoding` is that of text. */
  see(chunk: unknown, encoding?: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (bytes === undefined) return;
    this.#bytes += bytes.length;
    const room = this.#limits.maxBytes - this.#keptBytes;
    if (room <= 0) return;
    // A copy: the application may use its buffer again.
    const part = Uint8Array.prototype.slice.call(bytes, 0, room);
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }

  /**
   * The body as an attribute: JSON and forms as objects when they are whole, other text as text, cut at the limit with
   * `…[+N bytes]`; everything else as `[image/png, 1234 bytes]`. Undefined when there was none.
   */
  value(contentType: unknown, contentEncoding: unknown): unknown {
    if (this.#bytes === 0) return undefined;
    const mediaType = mediaTypeOf(contentType);
    const coding = typeof contentEncoding === 'string' && contentEncoding !== 'identity' ? `${contentEncoding} ` : '';
    if (coding !== '' || !this.#limits.isText(mediaType)) {
      return `[${coding}${mediaType || 'unknown type'}, ${this.#bytes} bytes]`;
    }
    // A character that the limit cut in two stays out of it.
    const text = new TextDecoder().decode(Buffer.concat(this.#kept), { stream: true });
    const missing = this.#bytes - this.#keptBytes;
    return missing > 0 ? `${text}…[+${missing} bytes]` : parsed(mediaType, text);
  }
}

function parsed(mediaType: string, text: string): unknown {
  if (mediaType === FORM_TYPE) return Object.fromEntries(new URLSearchParams(text));
  if (!JSON_TYPE.test(mediaType)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
