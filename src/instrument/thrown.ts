import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { isError, ownProperties, readProperty, UNSERIALIZABLE } from '../record/guarded.ts';
import { store } from './store.ts';

/** Properties of an error that say something in a word; what they hold beyond that may be anything, secrets too. */
const MAX_PROPERTIES = 20;
const MAX_PROPERTY_LENGTH = 1_024;
/** Written on their own, or of no use. */
const OWN_NAMES = new Set(['type', 'message', 'stacktrace', 'errors', 'escaped', 'stack', 'name']);
/** Classes that say less than the error's own name does. */
const GENERAL_CLASSES = new Set(['Error', 'DOMException', 'Object']);
const UNREADABLE: Exception = { type: 'Error', message: '[Unserializable]', stack: '', frames: [] };

/** What was thrown, read as the cause of something else: a cause may be anything. */
function describe(thrown: unknown): Exception {
  if (thrown === undefined || thrown === null) return { type: 'Error', message: String(thrown), stack: '', frames: [] };
  return exceptionOf({ body: new Error('', { cause: thrown }), attributes: {} })?.cause ?? UNREADABLE;
}

/** An error of another realm (`node:vm`, a test runner) or a plain object made to look like one. */
function likeness(thrown: unknown): Exception | undefined {
  if (typeof thrown !== 'object' || thrown === null || isError(thrown)) return undefined;
  const message = readProperty(thrown, 'message');
  if (typeof message !== 'string') return undefined;
  const stack = readProperty(thrown, 'stack');
  return { type: 'Object', message, stack: typeof stack === 'string' ? stack : '', frames: [] };
}

function nameOf(thrown: unknown, { type }: Exception): string {
  if (!GENERAL_CLASSES.has(type) || typeof thrown !== 'object' || thrown === null) return type;
  const maker = readProperty(thrown, 'constructor');
  const names = [readProperty(thrown, 'name'), typeof maker === 'function' ? readProperty(maker, 'name') : undefined];
  const told = names.find((name) => typeof name === 'string' && name !== '' && name !== UNSERIALIZABLE);
  return typeof told === 'string' ? told : type;
}

function headline({ type, message }: Exception): string {
  return message === '' ? type : `${type}: ${message}`;
}

/** The stack with those of its causes, in the form that our parser and people read. */
function printed(exception: Exception): string {
  let text = exception.stack;
  for (let { cause } = exception; cause !== undefined; cause = cause.cause) {
    text += `\ncaused by: ${cause.stack || headline(cause)}`;
  }
  return text;
}

function brief(thrown: unknown): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  if (typeof thrown !== 'object' || thrown === null) return attributes;
  for (const [key, value] of Object.entries(ownProperties(thrown)).slice(0, MAX_PROPERTIES)) {
    const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!scalar || OWN_NAMES.has(key)) continue;
    attributes[`exception.${key}`] = typeof value === 'string' ? value.slice(0, MAX_PROPERTY_LENGTH) : value;
  }
  return attributes;
}

/** What was thrown, in the attributes of the semantic conventions. */
export interface Thrown {
  readonly type: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * Anything that was thrown, as attributes: `exception.type` is the class or, where that says nothing, the error's own
 * name, never its code; `exception.message`; `exception.stacktrace` with the causes; `exception.errors` for the members
 * of an `AggregateError`; `exception.code` and other properties that are text, numbers or booleans. Never throws.
 */
export function thrownAttributes(thrown: unknown): Thrown {
  try {
    const exception = likeness(thrown) ?? describe(thrown);
    const type = nameOf(thrown, exception);
    const stack = printed(exception);
    return {
      type,
      message: exception.message,
      attributes: {
        'exception.type': type,
        'exception.message': exception.message,
        ...(stack !== '' && { 'exception.stacktrace': stack }),
        ...(exception.errors !== undefined && { 'exception.errors': exception.errors.map(member) }),
        ...brief(thrown),
      },
    };
  } catch {
    const { type, message } = UNREADABLE;
    return { type, message, attributes: { 'exception.type': type, 'exception.message': message } };
  }
}

function member(exception: Exception): Readonly<Record<string, string>> {
  return { type: exception.type, message: exception.message, stacktrace: printed(exception) };
}

/** Notes that an error has been logged; false when it was before. What is no object has no identity: always true. */
export function isFirstReport(thrown: unknown): boolean {
  if ((typeof thrown !== 'object' || thrown === null) && typeof thrown !== 'function') return true;
  const { reported } = store();
  if (reported.has(thrown)) return false;
  reported.add(thrown);
  return true;
}
