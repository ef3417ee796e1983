import type { Exception } from '../record/exception.ts';
import { clip } from '../record/json-value.ts';
import type { StackFrame } from '../record/stack.ts';

const MAX_FRAMES = 100;
/** A longer type makes the server's error grouping fail. */
const MAX_TYPE_LENGTH = 255;

/** Native frames have no file, and `node:` frames would count as application code; both stay in `raw`. */
function isLocated({ file }: StackFrame): boolean {
  return file !== '<anonymous>' && !file.startsWith('node:');
}

function frame({ function: name, file, line, column }: StackFrame): object {
  const bare = name.replace(/^async /, '');
  return {
    file: file.replace(/^file:\/\//, ''),
    ...(bare !== '<anonymous>' && { function: bare }),
    ...(line > 0 && { line, column }),
  };
}

/**
 * `metadata.exception` as the server's error grouping reads it: type and message never empty, frames thrown-at first,
 * `raw` only beside frames (alone it would be parsed as text). Source: LogTide's wire contract §5.
 */
export function logtideException(exception: Exception): object {
  const stacktrace = exception.frames.filter(isLocated).slice(0, MAX_FRAMES).map(frame);
  const type = clip(exception.type || 'Error', MAX_TYPE_LENGTH);
  return {
    type,
    message: exception.message || type,
    language: 'nodejs',
    ...(stacktrace.length > 0 && { stacktrace, raw: exception.stack }),
    ...(exception.cause && { cause: logtideException(exception.cause) }),
    ...(exception.errors && { errors: exception.errors.map(logtideException) }),
    ...(exception.properties && { metadata: exception.properties }),
  };
}
