import { diag } from '@opentelemetry/api';
import { WINSTON_TRANSPORT, withoutArguments } from '../sources/winston.ts';

/** A logger of either Logs API. */
export interface AnyLogger {
  emit(record: object): void;
  enabled?(options?: object): boolean;
}

/** A logger provider of either Logs API. */
export interface AnyLoggerProvider {
  getLogger(name: string, version?: string, options?: object): AnyLogger;
  forceFlush?(): Promise<unknown>;
  shutdown?(): Promise<unknown>;
}

type Scope = Parameters<AnyLoggerProvider['getLogger']>;

/** A logger of whichever providers are in charge. */
class SwitchableLogger implements AnyLogger {
  readonly #provider: SwitchableLoggerProvider;
  readonly #scope: Scope;
  #from: readonly AnyLoggerProvider[] | undefined;
  #loggers: readonly AnyLogger[] = [];

  constructor(provider: SwitchableLoggerProvider, scope: Scope) {
    this.#provider = provider;
    this.#scope = scope;
  }

  emit(record: object): void {
    for (const logger of this.#current()) {
      try {
        logger.emit(record);
      } catch (error) {
        // The SDK reads attributes as they are, and a getter among them may throw: not into the application.
        diag.warn('logferry: a record could not be read', error);
      }
    }
  }

  enabled(options?: object): boolean {
    return this.#current().some((logger) => logger.enabled?.(options) ?? true);
  }

  #current(): readonly AnyLogger[] {
    const { targets } = this.#provider;
    if (this.#from !== targets) {
      this.#loggers = targets.map((target) => target.getLogger(...this.#scope));
      this.#from = targets;
    }
    return this.#loggers;
  }
}

/** Knows who asks for a logger. */
export interface LoggerOwner {
  /** Whether it is an instrumentation of ours that asks for a logger of this scope. */
  ownsLogger(scope: string): boolean;
}

/**
 * Stands for logger providers that can be replaced: loggers that were taken before go on with the new ones. What is
 * logged goes to each of them. Loggers of our own instrumentations stay with our provider: others get what they would
 * get without us.
 */
export class SwitchableLoggerProvider implements AnyLoggerProvider {
  readonly #own: AnyLoggerProvider;
  readonly #owner: LoggerOwner;
  #targets: readonly AnyLoggerProvider[];

  /** `own`: our provider, which is also the target unless there is another. */
  constructor(own: AnyLoggerProvider, owner: LoggerOwner, target = own) {
    this.#own = own;
    this.#owner = owner;
    this.#targets = [target];
  }

  get targets(): readonly AnyLoggerProvider[] {
    return this.#targets;
  }

  getLogger(...scope: Scope): AnyLogger {
    return this.ownLogger(...scope) ?? new SwitchableLogger(this, scope);
  }

  /** The logger of our provider, where an instrumentation of ours asks for it. */
  ownLogger(...scope: Scope): AnyLogger | undefined {
    if (!this.#owner.ownsLogger(scope[0])) return undefined;
    const logger = this.#own.getLogger(...scope);
    return scope[0] === WINSTON_TRANSPORT ? withoutArguments(logger) : logger;
  }

  switchTo(targets: readonly AnyLoggerProvider[]): void {
    this.#targets = targets;
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.forceFlush?.()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.shutdown?.()));
  }
}

/** Loggers of our own instrumentations stay with our provider, also where somebody else's is asked. */
export function keepOwnLoggers(theirs: AnyLoggerProvider, loggers: SwitchableLoggerProvider): void {
  const getLogger = theirs.getLogger.bind(theirs);
  theirs.getLogger = (...scope) => loggers.ownLogger(...scope) ?? getLogger(...scope);
}
