import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  /** Default `--import logferry/register`. */
  readonly flags?: readonly string[];
  /** A file of `apps/`, or with `source: true` JavaScript (CommonJS) as text. */
  readonly source?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A child process and what it has said so far. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** Resolves when the child has printed the text; rejects when it ends without. */
  async said(text: string): Promise<void> {
    const { stdout } = this.child;
    while (!this.#stdout.includes(text)) {
      const more = new Promise<boolean>((resolve) => stdout?.once('data', () => resolve(true)));
      const open = await Promise.race([more, this.ended.then(() => false)]);
      if (!open && !this.#stdout.includes(text)) {
        throw new Error(`the child ended without saying "${text}"; stderr: ${this.#stderr}`);
      }
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** What an application has installed besides logferry. */
export interface Setup {
  /** Packages of the repository. Default: all of OpenTelemetry, and no logger. */
  readonly packages?: readonly string[];
  /** A folder with the files of the application. Default: `apps/` beside this file. */
  readonly apps?: string;
}

/** What logferry does not start without. */
export const PEERS: readonly string[] = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/api-logs',
];

/**
 * The built package as npm would install it, in the node_modules of an application `shop` in a temporary folder; its
 * peers are the repository's.
 */
export class Installed {
  readonly directory = mkdtempSync(join(tmpdir(), 'logferry-register-'));
  readonly #running = new Set<Running>();

  constructor({ packages = ['@opentelemetry'], apps = join(import.meta.dirname, 'apps') }: Setup = {}) {
    if (!existsSync(join(ROOT, 'dist/register.js'))) throw new Error('dist/ is missing: npm run build first');
    const modules = join(this.directory, 'node_modules');
    mkdirSync(modules);
    cpSync(join(ROOT, 'dist'), join(modules, 'logferry/dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(modules, 'logferry/package.json'));
    for (const name of [...packages, 'undici', 'eventsource-parser']) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    cpSync(apps, this.directory, { recursive: true });
    writeFileSync(join(this.directory, 'package.json'), JSON.stringify({ name: 'shop', version: '4.5.6' }));
  }

  /** Starts node on a file of `apps/` with nothing but the given variables; ended by `dispose()` at the latest. */
  start(app: string, { flags = ['--import', 'logferry/register'], source = false, env = {} }: Start = {}): Running {
    const what = source ? ['--eval', app] : [app];
    const child = spawn(process.execPath, [...flags, ...what], {
      cwd: this.directory,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running)).catch(() => undefined);
    return running;
  }

  run(app: string, options?: Start): Promise<Ended> {
    return this.start(app, options).ended;
  }

  async dispose(): Promise<void> {
    for (const running of this.#running) running.kill('SIGKILL');
    await Promise.allSettled([...this.#running].map(({ ended }) => ended));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The code of an application that logs one record for each text, at once. */
export function logging(...bodies: readonly string[]): string {
  return `const { logs } = require('@opentelemetry/api-logs');
    const log = (body) => logs.getLogger('shop').emit({ body, severityNumber: 9, severityText: 'INFO' });
    ${bodies.map((body) => `log(${JSON.stringify(body)});`).join('\n')}`;
}
