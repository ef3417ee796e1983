import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ended, Running } from '../register/installed.ts';
import { examplesFolder } from './run-example.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Manifest {
  readonly scripts: { readonly start: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The packages and what they need, as npm would put them side by side. */
function withDependencies(names: readonly string[]): ReadonlySet<string> {
  const { packages } = json(join(ROOT, 'package-lock.json')) as Lock;
  const all = new Set(names);
  // A set hands out what is added while it is gone through.
  for (const name of all) {
    for (const needed of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})) all.add(needed);
  }
  return all;
}

/** A request that was made, and what is known of it. */
export interface Call {
  readonly id: string;
  /** The trace that the caller was in; undefined when it was in none. */
  readonly traceId: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A service of `examples/services/` as its user would have it: in a folder of its own, with its dependencies, logferry
 * and OpenTelemetry's packages installed beside it.
 */
export class Service {
  readonly calls: Call[] = [];
  readonly #directory: string;
  readonly #running: Running;
  #port = '';

  /** Starts it with one flag and these variables. `port` finds its port in what it prints. */
  static async start(name: string, env: Readonly<Record<string, string>>, port: RegExp): Promise<Service> {
    const service = new Service(name, env);
    await service.#listening(port);
    return service;
  }

  private constructor(name: string, env: Readonly<Record<string, string>>) {
    if (!existsSync(join(ROOT, 'dist/register.js'))) throw new Error('dist/ is missing: npm run build first');
    this.#directory = mkdtempSync(join(tmpdir(), `logferry-${name}-`));
    cpSync(join(examplesFolder, 'services', name), this.#directory, { recursive: true });
    const { scripts, dependencies } = json(join(this.#directory, 'package.json')) as Manifest;
    this.#link([...withDependencies([...Object.keys(dependencies), 'undici', 'eventsource-parser'])]);
    const [, entry = ''] = scripts.start.split(' ');
    const child = spawn(process.execPath, ['--import', 'logferry/register', entry], {
      cwd: this.#directory,
      env: {
        PATH: process.env.PATH ?? '',
        PORT: '0',

        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running = new Running(child);
  }

  #link(names: readonly string[]): void {
    const modules = join(this.#directory, 'node_modules');
    mkdirSync(join(modules, 'logferry'), { recursive: true });
    cpSync(join(ROOT, 'dist'), join(modules, 'logferry/dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(modules, 'logferry/package.json'));
    for (const name of ['@opentelemetry', ...names.filter((one) => !one.startsWith('@opentelemetry/'))]) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
  }

  async #listening(port: RegExp): Promise<void> {
    let text = '';
    const found = new Promise<string>((resolve) => {
      this.#running.child.stdout?.on('data', (chunk: string) => {
        text += chunk;
        const [, number] = port.exec(text) ?? [];
        if (number !== undefined) resolve(number);
      });
    });
    const ended = this.#running.ended.then(({ code, stderr }) => {
      throw new Error(`the service ended before it listened (${code}): ${stderr}`);
    });
    this.#port = await Promise.race([found, ended]);
  }

  /** Makes a request with an id, every second one from within a trace. */
  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const inTrace = this.calls.length % 2 === 0;
    const call = { id: `call-${this.calls.length}`, traceId: inTrace ? randomBytes(16).toString('hex') : undefined };
    this.calls.push(call);
    const headers: Record<string, string> = { 'x-request-id': call.id };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (inTrace) headers.traceparent = `00-${call.traceId}-${randomBytes(8).toString('hex')}-01`;
    const text = body === undefined || typeof body === 'string' ? (body ?? null) : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { method, headers, body: text });
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && answer !== '';
    return { status: response.status, body: isJson ? (JSON.parse(answer) as Answer['body']) : {} };
  }

  /** Ends it as a supervisor would. */
  stop(): Promise<Ended> {
    this.#running.kill('SIGTERM');
    return this.#running.ended;
  }

  async dispose(): Promise<void> {
    this.#running.kill('SIGKILL');
    await this.#running.ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
