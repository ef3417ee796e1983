import { isError, ownProperties, readProperty, UNSERIALIZABLE } from './guarded.ts';
import { JsonWriter } from './json-value.ts';
import type { StackFrame } from './stack.ts';
import { parseStack } from './stack.ts';

/** An error as the platforms want it: what it was, where it was thrown, and what caused it. */
export interface Exception {
  /** Class name; `Error` when nothing is known. */
  readonly type: string;
  readonly message: string;
  /** The printed stack of this error alone; empty when there is none. */
  readonly stack: string;
  /** Innermost first, as V8 prints them. */
  readonly frames: readonly StackFrame[];
  readonly cause?: Exception;
  /** Members of an `AggregateError`. */
  readonly errors?: readonly Exception[];
  /** Own enumerable properties of the error object (`code`, `errno`, …) when it was at hand. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Causes beyond this depth are left out (LogTide's own limit; a cycle would never end). */
const MAX_CAUSES = 10;
const MAX_MEMBERS = 20;
/** What was thrown although it is no error is shown, not kept whole. */
const THROWN_LIMITS = { maxStringLength: 8_192, maxMessageLength: 8_192, maxDepth: 4, maxValues: 100 };
const HEADER = /^(?:Uncaught )?([\p{L}_$][\p{L}\p{N}_$.]*)(?: \[[^\]]*\])?(?:: ([\s\S]*))?$/u;

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  try {
    return String(value);
  } catch {
    return UNSERIALIZABLE;
  }
}

function fromHeader(header: string): { type: string; message: string } {
  const match = HEADER.exec(header.trim());
  if (match === null) return { type: 'Error', message: header.trim() };
  return { type: match[1] as string, message: match[2] ?? '' };
}

/** An exception from the attributes `exception.type`, `exception.message` and `exception.stacktrace`. */
export function exceptionFromParts(type: unknown, message: unknown, stacktrace: unknown): Exception {
  const sections = parseStack(text(stacktrace) ?? '', text(message));
  const chain = sections.slice(0, MAX_CAUSES + 1).map((section) => ({ ...section, ...fromHeader(section.header) }));
  let cause: Exception | undefined;
  for (let index = chain.length - 1; index > 0; index--) {
    const { type: causeType, message: causeMessage, raw, frames } = chain[index] as (typeof chain)[number];
    cause = { type: causeType, message: causeMessage, stack: raw, frames, ...(cause && { cause }) };
  }
  const outer = chain[0] as (typeof chain)[number];
  return {
    type: text(type) || outer.type,
    message: text(message) ?? outer.message,
    stack: outer.raw,
    frames: outer.frames,
    ...(cause && { cause }),
  };
}

function fromUnknown(thrown: unknown, json: JsonWriter, seen: Set<unknown>): Exception | undefined {
  if (seen.has(thrown) || seen.size > MAX_CAUSES) return undefined;
  seen.add(thrown);
  if (!isError(thrown)) {
    return {
      type: typeof thrown === 'object' ? 'Object' : 'Error',
      message: describe(thrown, json),
      stack: '',
      frames: [],
    };
  }
  const stack = text(readProperty(thrown, 'stack')) ?? '';
  const message = text(readProperty(thrown, 'message'));
  const caused = readProperty(thrown, 'cause');
  const cause = caused === undefined ? undefined : fromUnknown(caused, json, seen);
  const members = thrown instanceof AggregateError ? readProperty(thrown, 'errors') : [];
  const errors = Array.isArray(members)
    ? members.slice(0, MAX_MEMBERS).flatMap((member: unknown) => fromUnknown(member, json, seen) ?? [])
    : [];
  const properties = ownProperties(thrown);
  return {
    type: classOf(thrown),
    message: message ?? '',
    stack,
    frames: parseStack(stack, message)[0]?.frames ?? [],
    ...(cause && { cause }),
    ...(errors.length > 0 && { errors }),
    ...(Object.keys(properties).length > 0 && { properties }),
  };
}

/** The class, not the code: an ECONNREFUSED is still an Error to whoever groups by type. */
function classOf(error: Error): string {
  const maker = readProperty(error, 'constructor');
  const name = typeof maker === 'function' ? maker.name : undefined;
  return name || text(readProperty(error, 'name')) || 'Error';
}

function describe(thrown: unknown, json: JsonWriter): string {
  if (typeof thrown === 'object') return json.within(THROWN_LIMITS).value(thrown) ?? '';
  return text(thrown) ?? 'undefined';
}

interface Source {
  readonly body?: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * The exception a record carries: its `exception.*` attributes (semantic conventions), else an `Error` as its body.
 * Undefined when there is neither; `json` writes what was thrown although it is no error. Never throws.
 */
export function exceptionOf({ body, attributes }: Source, json = new JsonWriter()): Exception | undefined {
  const type = attributes['exception.type'];
  const message = attributes['exception.message'];
  const stacktrace = attributes['exception.stacktrace'];
  try {
    if (type !== undefined || message !== undefined || stacktrace !== undefined) {
      return exceptionFromParts(type, message, stacktrace);
    }
    return isError(body) ? fromUnknown(body, json, new Set()) : undefined;
  } catch {
    return { type: text(type) ?? 'Error', message: text(message) ?? '', stack: text(stacktrace) ?? '', frames: [] };
  }
}

/** The exception, its causes and its members in one list, outermost first. */
export function flattenException(exception: Exception): readonly Exception[] {
  const list: Exception[] = [];
  const visit = (current: Exception): void => {
    list.push(current);
    if (current.cause) visit(current.cause);
    current.errors?.forEach(visit);
  };
  visit(exception);
  return list;
}
