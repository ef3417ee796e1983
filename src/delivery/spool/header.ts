import { frameOf, readFrames, textEnd, textStart } from './frame.ts';

/** The first line of every segment, a frame like the others: what this file is, for readers of other versions. */
export interface Header {
  readonly platform: string;
  readonly lane: string;
  /** When the segment was begun, milliseconds since the Unix epoch. */
  readonly openedMillis: number;
}

const FORMAT = 'logferry-spool';
const VERSION = 1;
const LF = 0x0a;

export function headerText({ platform, lane, openedMillis }: Header): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, platform, lane, opened_ms: openedMillis });
}

export type ReadHeader =
  | ({ readonly kind: 'header' } & Header)
  /** A header of a version or a format that we do not know. */
  | { readonly kind: 'unknown' }
  /** The line is damaged; the records behind it may be whole. */
  | { readonly kind: 'damaged' };

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

export function readHeader(bytes: Buffer): ReadHeader {
  const end = bytes.indexOf(LF) + 1;
  let text: string | undefined;
  readFrames(bytes, 0, end, {
    frame: (from, to) => {
      if (from === 0) text = bytes.toString('utf8', textStart(from), textEnd(to));
    },
    corrupt: () => {},
  });
  if (text === undefined) return { kind: 'damaged' };
  const { format, version, platform, lane, opened_ms: openedMillis } = parsed(text);
  if (format !== FORMAT || version !== VERSION) return { kind: 'unknown' };
  return { kind: 'header', platform: String(platform), lane: String(lane), openedMillis: Number(openedMillis) || 0 };
}

/** The header as the beginning of a file. */
export function headerBytes(header: Header): Buffer {
  return frameOf(headerText(header));
}
