import type { PackageFinder } from './resolve.ts';

/** Where winston's records come from: not its instrumentation, but the transport that it adds to every logger. */
export const WINSTON_TRANSPORT = '@opentelemetry/winston-transport';

const SEEN = Symbol.for('logferry.winston.1');

type Log = (this: unknown, info: unknown, callback?: () => void) => void;

/** One set for each thread, whichever copy of the transport asks. */
function seen(): WeakSet<object> {
  const slots = globalThis as Record<symbol, unknown>;
  slots[SEEN] ??= new WeakSet<object>();
  return slots[SEEN] as WeakSet<object>;
}

/**
 * Lets each line through once: winston hands the same object to all transports of a logger, and an application that has
 * OpenTelemetry's transport itself gets another one from the instrumentation.
 */
export function logOnce(finder: PackageFinder, instrumentation: string): void {
  const copies = [finder.find(WINSTON_TRANSPORT), finder.findFrom(instrumentation, WINSTON_TRANSPORT)];
  for (const path of new Set(copies)) {
    const loaded = path === undefined ? undefined : finder.loadFile(path);
    if (loaded?.kind !== 'loaded') continue;
    const { prototype } = (loaded.exports.OpenTelemetryTransportV3 ?? {}) as {
      prototype?: Record<PropertyKey, unknown>;
    };
    if (prototype === undefined || typeof prototype.log !== 'function' || Object.hasOwn(prototype, SEEN)) continue;
    const log = prototype.log as Log;
    prototype[SEEN] = true;
    prototype.log = function (this: unknown, info: unknown, callback?: () => void): void {
      if (typeof info === 'object' && info !== null) {
        if (seen().has(info)) {
          callback?.();
          return;
        }
        seen().add(info);
      }
      Reflect.apply(log, this, [info, callback]);
    };
  }
}

interface Logger {
  emit(record: object): void;
  enabled?(options?: object): boolean;
}

interface Line {
  readonly exception?: unknown;
  readonly body?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/**
 * Whether what the transport takes for an exception is an ordinary argument of the call: it takes any text, number, and
 * object with a `name` or `code`. Arguments are part of the line, as text or as attributes; a real one has a stack.
 */
function isArgument({ exception, body, attributes = {} }: Line): boolean {
  const message = typeof body === 'string' ? body : '';
  if (typeof exception === 'string' || typeof exception === 'number') return message.includes(String(exception));
  if (typeof exception !== 'object' || exception === null || 'stack' in exception) return false;
  const { name, code, message: text } = exception as Readonly<Record<string, unknown>>;
  const merged = (key: string, value: unknown) => value === undefined || attributes[key] === value;
  return merged('name', name) && merged('code', code) && (text === undefined || message.includes(String(text)));
}

/** The logger of the transport, without exceptions that are none. */
export function withoutArguments(logger: Logger): Logger {
  return {
    emit(record: object): void {
      if (!isArgument(record as Line)) {
        logger.emit(record);
        return;
      }
      const { exception: _, ...line } = record as Line;
      logger.emit(line);
    },
    enabled: (options) => logger.enabled?.(options) ?? true,
  };
}
