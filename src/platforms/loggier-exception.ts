import type { Exception } from '../record/exception.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { clip } from '../record/json-value.ts';
import type { Attributes } from '../record/record.ts';
import type { StackFrame } from '../record/stack.ts';

/** The official client sends the first 20, outermost first; we send the 20 that are nearest to the throw. */
const MAX_FRAMES = 20;
/** A traceback shorter than this per error says nothing, so further causes are left out instead. */
const MIN_SECTION_LENGTH = 256;
const WRITTEN_APART = new Set([
  'exception.type',
  'exception.message',
  'exception.stacktrace',
  'exception.module',
  'exception.args',
]);

interface Section {
  readonly label: string;
  readonly exception: Exception;
}

/** The error, its causes and its members, each with the words that introduce it in a printed stack. */
function sections(exception: Exception, label = ''): readonly Section[] {
  const cause = exception.cause === undefined ? [] : sections(exception.cause, 'Caused by: ');
  const members = (exception.errors ?? []).flatMap((member, index) => sections(member, `[errors][${index}]: `));
  return [{ label, exception }, ...cause, ...members];
}

function printed({ label, exception }: Section): string {
  return label + (exception.stack || summary(exception));
}

function summary({ type, message }: Exception): string {
  return message === '' ? type : `${type}: ${message}`;
}

/**
 * One printed stack in at most `max` characters: V8 prints the innermost frame first, so the outer frames stand at the
 * end and go first; header and raise site stay.
 */
export function cutStack(stack: string, message: string, max: number): string {
  if (stack.length <= max) return stack;
  const behindMessage = message === '' ? 0 : Math.max(0, stack.indexOf(message)) + message.length;
  const firstFrame = stack.indexOf('\n    at ', behindMessage);
  const marker = '\n    … outer frames left out';
  if (firstFrame === -1) return `${clip(stack, Math.max(1, max - 1))}…`;
  const raiseSite = stack.indexOf('\n', firstFrame + 1);
  const raised = stack.slice(firstFrame, raiseSite === -1 ? undefined : raiseSite);
  const room = max - marker.length;
  const header = clip(stack.slice(0, firstFrame), Math.max(1, room - raised.length - 1));
  if (header.length < firstFrame) return clip(`${header}…${raised}`, room) + marker;
  const end = stack.lastIndexOf('\n', room);
  return stack.slice(0, Math.max(end, firstFrame + raised.length)) + marker;
}

function traceback(exception: Exception, stacktrace: unknown, max: number): string {
  const parts = sections(exception);
  const whole = typeof stacktrace === 'string' && stacktrace !== '' ? stacktrace : parts.map(printed).join('\n');
  if (whole.length <= max) return whole;
  const kept = parts.slice(0, Math.max(1, Math.floor(max / MIN_SECTION_LENGTH)));
  const perSection = Math.floor(max / kept.length) - 1;
  return kept
    .map((part) => cutStack(printed(part), part.exception.message, perSection))
    .join('\n')
    .slice(0, max);
}

function frames(json: JsonWriter, list: readonly StackFrame[]): string {
  let text = '';
  for (const { function: name, file, line } of list.slice(0, MAX_FRAMES).reverse()) {
    const comma = text === '' ? '' : ',';
    text += `${comma}{"filename":${json.string(file)},"function":${json.string(name)},"line_number":${line},"code_context":""}`;
  }
  return text;
}

function asText(json: JsonWriter, value: unknown, key = ''): string | undefined {
  const written = json.member(key, value);
  return written === undefined || written.startsWith('"') ? written : json.string(written);
}

function args(json: JsonWriter, value: unknown): string | undefined {
  if (!Array.isArray(value)) return value === undefined || value === null ? undefined : asText(json, value);
  return `[${value.map((element: unknown) => asText(json, element) ?? '"undefined"').join(',')}]`;
}

/** Own properties of the error and `exception.*` attributes beyond those of the semantic conventions, all as text. */
function customAttributes(json: JsonWriter, exception: Exception, attributes: Attributes): string {
  const custom: Record<string, unknown> = Object.assign(Object.create(null), exception.properties);
  for (const key of Object.keys(attributes)) {
    if (!key.startsWith('exception.') || WRITTEN_APART.has(key)) continue;
    try {
      custom[key.slice('exception.'.length)] = attributes[key];
    } catch {
      custom[key.slice('exception.'.length)] = '[Unserializable]';
    }
  }
  let text = '';
  for (const key of Object.keys(custom)) {
    const value = asText(json, custom[key], key);
    if (value !== undefined) text += `${text === '' ? '' : ','}${json.key(key)}${value}`;
  }
  return text;
}

/**
 * The `exception` object: `type message module args traceback traceback_summary frames frames_truncated
 * custom_attributes`, the keys of the official client in its order; those that are not known are left out.
 * The traceback holds the causes; the frames are the outer error's, outermost first as the platform has them.
 */
export function exceptionText(json: JsonWriter, exception: Exception, attributes: Attributes): string {
  const { maxStringLength } = json.limits;
  let text = `{"type":${json.string(exception.type)},"message":${json.string(exception.message)}`;
  const module = attributes['exception.module'];
  const moduleText = module === null ? undefined : asText(json, module);
  if (moduleText !== undefined) text += `,"module":${moduleText}`;
  const argsText = args(json, attributes['exception.args']);
  if (argsText !== undefined) text += `,"args":${argsText}`;
  const printedStack = traceback(exception, attributes['exception.stacktrace'], maxStringLength);
  text += `,"traceback":${json.string(printedStack)},"traceback_summary":[${json.string(summary(exception))}]`;
  if (exception.frames.length > 0) text += `,"frames":[${frames(json, exception.frames)}]`;
  const left = exception.frames.length - MAX_FRAMES;
  if (left > 0) text += `,"frames_truncated":"${left} outer ${left === 1 ? 'frame' : 'frames'} left out"`;
  const custom = customAttributes(json, exception, attributes);
  return custom === '' ? `${text}}` : `${text},"custom_attributes":{${custom}}}`;
}
