import { sep } from 'node:path';
import type { Exception } from '../record/exception.ts';
import { flattenException } from '../record/exception.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { StackFrame } from '../record/stack.ts';

export interface StacktraceSettings {
  /** Cut from the front of paths; undefined leaves them whole. */
  readonly workingDirectory: string | undefined;
  /** `line` as the text `line:column`, which the JavaScript client sends. */
  readonly lineColumn: boolean;
}

/** What Java and C# clients send for an error without frames; the JavaScript client loses the event. */
const NO_FRAMES = '{"function":"unknown","line":0,"file":"unknown"}';
const MIN_FRAMES = 10;
const MAX_INT32 = 2_147_483_647;

/** How a path loses its working directory, decided once: a later `chdir` must not break the platform's grouping. */
function pathShortener(directory: string | undefined): (file: string) => string {
  if (directory === undefined) return (file) => file;
  const path = directory.endsWith(sep) ? directory : directory + sep;
  const slashed = path.replaceAll('\\', '/');
  const url = `file://${slashed.startsWith('/') ? '' : '/'}${slashed}`;
  const prefixes = [path, slashed, url, encodeURI(url)];
  return (file) => {
    const prefix = prefixes.find((candidate) => file.startsWith(candidate));
    return prefix === undefined ? file : file.slice(prefix.length);
  };
}

/**
 * The writer of `eventStacktrace`: the error, then its causes and members, frames innermost first as V8, Java and C#
 * have them. Lines are integers (the model's int32), 0 when unknown.
 */
export function stacktraceWriter(json: JsonWriter, settings: StacktraceSettings): (exception: Exception) => string {
  const shorten = pathShortener(settings.workingDirectory);
  // Fewer frames where the record has to shrink.
  const maxFrames = Math.max(MIN_FRAMES, Math.floor(json.limits.maxValues / 10));

  const frame = ({ function: name, file, line, column }: StackFrame): string => {
    const number = settings.lineColumn ? `"${line}:${column}"` : String(line <= MAX_INT32 ? line : 0);
    return `{"function":${json.string(name)},"line":${number},"file":${json.string(shorten(file))}}`;
  };
  const entry = ({ type, message, frames }: Exception): string => {
    const lines = frames.length === 0 ? NO_FRAMES : frames.slice(0, maxFrames).map(frame).join(',');
    return `{"type":${json.string(type)},"message":${json.string(message)},"traceLines":[${lines}]}`;
  };
  return (exception) => `[${flattenException(exception).map(entry).join(',')}]`;
}
