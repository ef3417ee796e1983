import type { DestinationStats } from './delivery/stats.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import { flushReport } from './flush.ts';
import type { LevelSetting } from './levels/levels.ts';
import type { Level } from './levels/names.ts';

/** What `logferry/register` has started in this thread, whichever copy or version of the package that was. */
export interface RegisterHandle {
  readonly version: string;
  flush(options?: FlushOptions): Promise<FlushReport>;
  stats(): readonly DestinationStats[];
  setLevel(target: string, level: Level | undefined): boolean;
  levels(): readonly LevelSetting[];
}

const REGISTERED = Symbol.for('logferry.register');

/** The handle of what has been registered; undefined before that. */
export function registeredHandle(): RegisterHandle | undefined {
  const handle = (globalThis as Record<symbol, unknown>)[REGISTERED];
  return typeof handle === 'object' && handle !== null ? (handle as RegisterHandle) : undefined;
}

/** Whether any version has been registered; the first ones left no handle. */
export function isRegistered(): boolean {
  return (globalThis as Record<symbol, unknown>)[REGISTERED] !== undefined;
}

/** Takes the place, first without a handle, so that nobody starts a second time meanwhile. */
export function setRegisteredHandle(handle: RegisterHandle | undefined): void {
  (globalThis as Record<symbol, unknown>)[REGISTERED] = handle ?? true;
}

/**
 * Waits until what was logged before has been delivered by `logferry/register`, or is durable, bounded, and tells what
 * has become of it. For handlers that are frozen or ended once they return: `await flush()` as the last thing. Never
 * rejects; resolves at once where nothing is registered.
 */
export async function flush(options?: FlushOptions): Promise<FlushReport> {
  return registeredHandle()?.flush(options) ?? flushReport([]);
}

/** What has become of the records that `logferry/register` has taken, by destination; empty where nothing is registered. */
export function stats(): readonly DestinationStats[] {
  return registeredHandle()?.stats() ?? [];
}

/**
 * Changes a level of `logferry/register` at run time: of a platform (`logtide`) or of the loggers whose scope name
 * matches a pattern (`db.*`); undefined puts the configured one back. False when there is no such target.
 */
export function setLevel(target: string, level: Level | undefined): boolean {
  return registeredHandle()?.setLevel(target, level) ?? false;
}

/** The levels of `logferry/register` as they are now; empty where nothing is registered. */
export function levels(): readonly LevelSetting[] {
  return registeredHandle()?.levels() ?? [];
}
