import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const running = new Set();

/** Ends every process that was started here, each by its own id. */
export function endAll() {
  for (const child of running) child.kill('SIGKILL');
}

process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** Flags of a process that writes a CPU profile into `directory` when it ends; none without a directory. */
export function profileFlags(directory) {
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

/**
 * A process of `apps/` that talks in messages; it ends with `end()` or `kill()`, and after `limitMillis` at the latest.
 * With `hasPipe` it can also write to file descriptor 3, which arrives in `pipe`.
 */
export class Child {
  #child;
  #name;
  #inbox = [];
  #waiting;
  #failure;
  #watchdog;

  constructor(app, args = [], { execArgv = [], limitMillis = 180_000, hasPipe = false } = {}) {
    this.#name = [app, ...args].join(' ');
    this.#child = fork(fileURLToPath(new URL(`apps/${app}.mjs`, import.meta.url)), args, {
      execArgv,
      stdio: ['inherit', 'inherit', 'inherit', ...(hasPipe ? ['pipe'] : []), 'ipc'],
    });
    running.add(this.#child);
    this.#child.on('message', (message) => {
      this.#inbox.push(message);
      this.#wake();
    });
    this.#child.on('exit', (code, signal) => {
      running.delete(this.#child);
      clearTimeout(this.#watchdog);
      this.#failure ??= new Error(`${this.#name} ended (${signal ?? code})`);
      this.#wake();
    });
    this.#watchdog = setTimeout(() => {
      this.#failure = new Error(`${this.#name} took longer than ${limitMillis / 1000} s`);
      this.#child.kill('SIGKILL');
    }, limitMillis);
  }

  get pipe() {
    return this.#child.stdio[3];
  }

  send(message) {
    this.#child.send(message, () => {});
  }

  /** The next message of a kind; others in front of it are dropped. Rejects when the process ends before. */
  async receive(kind) {
    for (;;) {
      const message = this.#inbox.shift();
      if (message?.kind === kind) return message;
      if (message !== undefined) continue;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  async ask(message, kind) {
    this.send(message);
    return this.receive(kind);
  }

  /** Lets the process end by itself (a CPU profile is written then); kills it when it does not within 10 s. */
  async end() {
    if (!running.has(this.#child)) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(killer);
  }

  /** Ends the process as the system would: nothing of it runs any more. */
  async kill() {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (!running.has(this.#child)) return;
    this.#child.kill('SIGKILL');
    await ended;
  }

  #wake() {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

export async function startServer(script = {}, limitMillis = 300_000) {
  const child = new Child('server', [], { limitMillis });
  const { port } = await child.ask({ kind: 'listen', script }, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    reset: () => child.ask({ kind: 'reset' }, 'reset'),
    count: (range) => child.ask({ kind: 'count', range }, 'count'),
    end: () => child.end(),
  };
}
