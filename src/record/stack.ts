/** One line of a V8 stack trace. */
export interface StackFrame {
  /** As V8 writes it, with `async `, `new `, `get ` and `[as x]`; `<anonymous>` when there is no name. */
  readonly function: string;
  /** Path, URL or `node:` name; `<anonymous>` for native code. */
  readonly file: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  /** 1-based; 0 when unknown. */
  readonly column: number;
}

/** One error of a printed stack: its header as text and its frames, innermost first. */
export interface StackSection {
  readonly header: string;
  readonly frames: readonly StackFrame[];
  readonly raw: string;
}

const FRAME_LINE = /^\s*at (.+?)(?: \{)?$/;
/** How Node's inspector (`[cause]:`), pino's serializer and Java (`caused by:`) introduce the next error. */
const CAUSE_LINE = /^\s*(?:\[cause\]:|caused by:)\s*(.*)$/i;
const POSITION = /^(.*):(\d+):(\d+)$/;
const EVAL_ORIGIN = /\((?!eval at )([^()]*(?:\([^()]*\)[^()]*)*):(\d+):(\d+)\)/;
const MAX_FRAMES = 200;
/** Characters of the header, and of what follows it, that are read; far more than a printed stack has. */
const MAX_READ = 262_144;
/** Where a message can begin in a stack: behind `Uncaught TypeError [CODE]: `. */
const MAX_HEADER = 1_024;
const ANONYMOUS = '<anonymous>';

function frameAt(name: string, location: string): StackFrame {
  if (location.startsWith('eval at ')) {
    const origin = EVAL_ORIGIN.exec(location);
    if (origin !== null) return positioned(name, origin[1] as string, origin[2] as string, origin[3] as string);
  }
  const position = POSITION.exec(location);
  if (position !== null) return positioned(name, position[1] as string, position[2] as string, position[3] as string);
  const native = location === ANONYMOUS || location === 'native';
  return { function: name, file: native ? ANONYMOUS : location, line: 0, column: 0 };
}

function positioned(name: string, file: string, line: string, column: string): StackFrame {
  return { function: name, file, line: Number(line), column: Number(column) };
}

/** Where the parenthesis that the last character closes was opened, so that paths like `/(group)/page.mjs` survive. */
function openingOf(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    const character = text[index];
    if (character === ')') depth += 1;
    else if (character === '(') {
      depth -= 1;
      if (depth === 0) return text[index - 1] === ' ' ? index : -1;
    }
  }
  return -1;
}

/** Parses what stands behind `at ` in one line. */
export function parseFrame(text: string): StackFrame {
  if (/^(?:async )?Promise\.\w+ \(index \d+\)$/.test(text)) {
    return { function: text, file: ANONYMOUS, line: 0, column: 0 };
  }
  const opening = text.endsWith(')') ? openingOf(text) : -1;
  if (opening > 0) return frameAt(text.slice(0, opening - 1), text.slice(opening + 1, -1));
  return text.startsWith('async ') ? frameAt(`async ${ANONYMOUS}`, text.slice(6)) : frameAt(ANONYMOUS, text);
}

/** The text from which frames can start: behind the known message, which may itself contain lines like frames. */
function afterMessage(text: string, message: string | undefined): number {
  if (message === undefined || message === '') return 0;
  const start = text.slice(0, message.length + MAX_HEADER).indexOf(message);
  return start === -1 ? 0 : start + message.length;
}

/** Node's inspector puts a cause between braces; they are not part of either stack. */
function withoutBraces(text: string): string {
  const raw = text.trimEnd();
  if (raw.endsWith(' {')) return raw.slice(0, -2).trimEnd();
  if (!raw.endsWith('}')) return raw;
  const before = raw.slice(0, -1).trimEnd();
  return raw.slice(before.length, -1).includes('\n') ? before : raw;
}

function section(lines: readonly string[], headerLines: number): StackSection {
  const frames: StackFrame[] = [];
  const header: string[] = [];
  lines.forEach((line, index) => {
    const frame = index < headerLines ? null : FRAME_LINE.exec(line);
    if (frame !== null && frames.length < MAX_FRAMES) frames.push(parseFrame(frame[1] as string));
    else if (frame === null && frames.length === 0) header.push(line);
  });
  return { header: header.join('\n'), frames, raw: withoutBraces(lines.join('\n')) };
}

/**
 * Splits a printed V8 stack into the error and its causes, outermost error first. `message` is the known message of
 * the first error; without it the first line that looks like a frame ends the header. Of a longer text the first
 * 262,144 characters of the header and of what follows it are read. Never throws.
 */
export function parseStack(text: string, message?: string): readonly StackSection[] {
  const boundary = afterMessage(text, message);
  const known = text.slice(0, Math.min(boundary, MAX_READ));
  const before = known.split('\n');
  const lines = (known + text.slice(boundary, boundary + MAX_READ)).split('\n');
  const sections: StackSection[] = [];
  let current: string[] = [];
  let headerLines = boundary === 0 ? 0 : before.length;
  lines.forEach((line, index) => {
    const cause = index < headerLines && sections.length === 0 ? null : CAUSE_LINE.exec(line);
    if (cause === null) {
      current.push(line);
      return;
    }
    sections.push(section(current, headerLines));
    headerLines = 0;
    current = [cause[1] as string];
  });
  sections.push(section(current, sections.length === 0 ? headerLines : 0));
  return sections;
}
