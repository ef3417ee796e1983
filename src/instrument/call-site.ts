import { fileURLToPath } from 'node:url';
import type { Level } from '../levels/names.ts';
import { numberOption } from '../option-checks.ts';
import type { StackFrame } from '../record/stack.ts';
import { parseFrame } from '../record/stack.ts';
import { severityOf } from './level.ts';

/** How the place in the application that emitted a record is found. */
export interface CallSiteOptions {
  /** Further frames of the application to pass over: wrappers of its own around its logger. Default 0. */
  readonly skipFrames?: number;
  /** Everything up to and including this text is cut off the file name. Default: the whole path stays. */
  readonly stripPrefix?: string;
  /** Only records of at least this level: each costs some ten microseconds. Default: all. */
  readonly level?: Level;
}

/** Each frame costs 0.6 µs. The SDK alone puts ten between the application and us, loggers put more. */
const FIRST_DEPTH = 12;
const LARGEST_DEPTH = 100;
/** Calls do not always come by exactly the same way. */
const SPARE_FRAMES = 3;
const FRAME = '\n    at ';
/** An unspecified severity is taken for INFO (logs data model). */
const INFO = 9;

function ownFolders(): readonly string[] {
  return ['../../src/', '../../dist/'].flatMap((folder) => {
    const { href } = new URL(folder, import.meta.url);
    return [href, fileURLToPath(href)];
  });
}

const OWN_FOLDERS = ownFolders();
const LOGGERS =
  /[\\/]node_modules[\\/](?:@opentelemetry|@pinojs|pino|pino-http|pino-std-serializers|thread-stream|sonic-boom|winston|winston-transport|express-winston|logform|triple-beam|readable-stream|bunyan|nestjs-pino|log4js|loglevel|consola|tslog|logferry)[\\/]/;

function isApplications(line: string): boolean {
  return !line.includes('node:') && !LOGGERS.test(line) && !OWN_FOLDERS.some((folder) => line.includes(folder));
}

/** Puts a short stack on `holder`. V8 reads the limit from this one place; it is back before anybody else runs. */
function captureInto(holder: object, depth: number): void {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = depth;
    Error.captureStackTrace(holder, captureInto);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

interface Found {
  readonly frame: StackFrame | undefined;
  /** Frames looked at. */
  readonly count: number;
}

/** The application's frame, behind `skip` others of its own, among the first `depth`. */
function search(depth: number, skip: number): Found {
  const holder: { stack?: unknown } = {};
  captureInto(holder, depth);
  const { stack } = holder;
  // An application's own `Error.prepareStackTrace` may make anything of it.
  if (typeof stack !== 'string') return { frame: undefined, count: 0 };
  let left = skip;
  let count = 0;
  for (let at = stack.indexOf(FRAME); at !== -1; ) {
    const start = at + FRAME.length;
    at = stack.indexOf(FRAME, start);
    count += 1;
    const line = at === -1 ? stack.slice(start) : stack.slice(start, at);
    if (!isApplications(line)) continue;
    const frame = parseFrame(line);
    if (frame.line === 0) continue;
    if (left === 0) return { frame, count };
    left -= 1;
  }
  return { frame: undefined, count };
}

/** Searches as deep as the application's frames have been found, and deeper where they are not. */
function searcher(skip: number): () => StackFrame | undefined {
  let depth = FIRST_DEPTH;
  return () => {
    const first = search(depth, skip);
    if (first.frame !== undefined || first.count < depth) return first.frame;
    const { frame, count } = search(LARGEST_DEPTH, skip);
    if (frame !== undefined) depth = Math.min(LARGEST_DEPTH, count + SPARE_FRAMES);
    return frame;
  };
}

function pathOf(file: string, stripPrefix: string): string {
  let path = file;
  if (file.startsWith('file://')) {
    try {
      path = fileURLToPath(file);
    } catch {
      // A URL of another host stays as it is.
    }
  }
  const at = stripPrefix === '' ? -1 : path.indexOf(stripPrefix);
  return at === -1 ? path : path.slice(at + stripPrefix.length);
}

function functionName({ function: name }: StackFrame): string | undefined {
  const plain = name.replace(/^async /, '').replace(/ \[as [^\]]*\]$/, '');
  return plain.endsWith('<anonymous>') ? undefined : plain;
}

/**
 * Makes a function that tells where in the application the call to it began, as the attributes `code.file.path`,
 * `code.line.number`, `code.column.number` and `code.function.name`; undefined when no frame of the application is on
 * the stack or the severity is too low. Stacks are read as the process prints them, source maps included. Throws a
 * `TypeError` or `RangeError` for bad options; the function it makes never throws.
 */
export function callSiteReader(
  options: CallSiteOptions = {},
): (severityNumber: number | undefined) => Readonly<Record<string, string | number>> | undefined {
  const skip = numberOption('callSite.skipFrames', options.skipFrames, 0, 0);
  const { stripPrefix = '', level } = options;
  if (typeof stripPrefix !== 'string') throw new TypeError(`callSite.stripPrefix must be a string`);
  const least = level === undefined ? 0 : severityOf('callSite.level', level).severityNumber;
  const find = searcher(skip);
  return (severityNumber) => {
    if ((severityNumber || INFO) < least) return undefined;
    try {
      const frame = find();
      if (frame === undefined) return undefined;
      const name = functionName(frame);
      return {
        'code.file.path': pathOf(frame.file, stripPrefix),
        'code.line.number': frame.line,
        ...(frame.column > 0 && { 'code.column.number': frame.column }),
        ...(name !== undefined && { 'code.function.name': name }),
      };
    } catch {
      // Somebody's `prepareStackTrace` threw, or the limit cannot be set: the record goes without.
      return undefined;
    }
  };
}
