interface ProcessEnd {
  readonly drains: Set<() => unknown>;
  readonly closers: Set<() => void>;
}

/** Shared by every copy of this package in a thread: one listener each, however many spools are open. */
const END = Symbol.for('logferry.spool.end');

function processEnd(): ProcessEnd {
  const global = globalThis as { [END]?: ProcessEnd };
  const existing = global[END];
  if (existing !== undefined) return existing;
  const end: ProcessEnd = { drains: new Set(), closers: new Set() };
  global[END] = end;
  process.on('exit', () => call(end.closers));
  // Waiting fills the event loop, so this comes again when it is empty: once is enough.
  process.once('beforeExit', () => call(end.drains));
  return end;
}

function call(actions: Iterable<() => unknown>): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // The process ends as it would have.
    }
  }
}

/** Has `close` called when the process or the worker thread exits, synchronously; the returned function undoes it. */
export function atExit(close: () => void): () => void {
  const { closers } = processEnd();
  closers.add(close);
  return () => closers.delete(close);
}

/** Has `drain` called once when nothing is left to do; what it waits for is waited for. The returned function undoes it. */
export function beforeExit(drain: () => unknown): () => void {
  const { drains } = processEnd();
  drains.add(drain);
  return () => drains.delete(drain);
}
