type Json = Readonly<Record<string, unknown>>;

/** A log line as the service itself has written it: what has to arrive. */
export interface Line {
  readonly message: string;
  readonly level: string;
  /** Undefined when the line does not say. */
  readonly timeMillis: number | undefined;
  /** The logger tells the time first and hands the line over afterwards: the record's own time may be later. */
  readonly maySlip?: true;
  /** The id of the request in which it was written. */
  readonly request: string | undefined;
  readonly attributes: Json;
  readonly error: { readonly type: string; readonly message: string; readonly stack: string } | undefined;
}

/** Of pino and bunyan. */
const LEVEL_NAMES = new Map<unknown, string>([
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
]);

function objects(text: string): readonly Json[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
}

function text(value: unknown): string {
  return String(value);
}

/** The lines of pino, alone or in Fastify. What describes the process or repeats the context is no attribute. */
export function pinoLines(stdout: string): readonly Line[] {
  return objects(stdout).map((line) => {
    const { level, time, pid: _p, hostname: _h, msg, err, ...rest } = line;
    const { type, message, stack, code } = (err ?? {}) as Json;
    return {
      message: text(msg),
      level: LEVEL_NAMES.get(level) ?? `unknown ${level}`,
      timeMillis: Number(time),
      request: (rest.requestId ?? rest.reqId) as string | undefined,
      attributes: rest,
      // OpenTelemetry prefers the code of an error to its class.
      error: err === undefined ? undefined : { type: text(code ?? type), message: text(message), stack: text(stack) },
    };
  });
}

/** The lines of bunyan. */
export function bunyanLines(stdout: string): readonly Line[] {
  return objects(stdout).map((line) => {
    const { level, time, pid: _p, hostname: _h, v: _v, msg, err, ...rest } = line;
    const { name, message, stack } = (err ?? {}) as Json;
    return {
      message: text(msg),
      level: LEVEL_NAMES.get(level) ?? `unknown ${level}`,
      timeMillis: Date.parse(text(time)),
      request: rest.requestId as string | undefined,
      attributes: rest,
      error: err === undefined ? undefined : { type: text(name), message: text(message), stack: text(stack) },
    };
  });
}

/** The lines of winston as JSON with a time stamp, errors flattened into them. */
export function winstonLines(stdout: string): readonly Line[] {
  return objects(stdout).map((line) => {
    // A cause has no enumerable members: JSON shows it as {}.
    const { level, message, stack, name, cause: _c, ...rest } = line;
    const error = { type: text(name), message: text(message), stack: text(stack) };
    return {
      message: text(message),
      level: text(level),
      timeMillis: Date.parse(text(rest.timestamp)),
      maySlip: true,
      request: rest.requestId as string | undefined,
      attributes: rest,
      error: stack === undefined ? undefined : error,
    };
  });
}

/** One stream of the console, where every line begins with `[request]` and goes on until the next one. */
export function consoleLines(output: string, levelOf: (message: string) => string): readonly Line[] {
  const parts = output.split(/^(?=\[[\w-]+\] )/m).filter((part) => part.startsWith('['));
  return parts.map((part) => {
    const message = part.replace(/\n$/, '');
    const [, request] = /^\[([\w-]+)\]/.exec(message) ?? [];
    return {
      ...{ message, level: levelOf(message), timeMillis: undefined, attributes: {}, error: undefined },
      request: request === 'catalog' ? undefined : request,
    };
  });
}
