import { spawn } from 'node:child_process';
import fs from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { realSurroundings, type Surroundings } from '../../src/cli/doctor/surroundings.ts';
import { examine } from '../../src/cli/doctor.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.ts';
import { type Sink, type SinkOptions, startSink } from '../../src/sink/sink.ts';
import { temporary } from './spool-rig.ts';

/** The built program, as users run it. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export type Env = Readonly<Record<string, string>>;

export const LOGTIDE_KEY = `lp_${'a1'.repeat(32)}`;
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** A sink that is closed after the test. */
export async function sinkFor(options: SinkOptions = {}): Promise<Sink> {
  const sink = await startSink(options);
  onTestFinished(() => sink.close());
  return sink;
}

/** Only one platform's variables of a sink. */
export function only(sink: Sink, prefix: string): Env {
  return Object.fromEntries(Object.entries(sink.env()).filter(([name]) => name.startsWith(prefix)));
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** An HTTP server that answers as it is told; its origin. */
export async function server(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}`;
}

/** The same behind a certificate. */
export async function secureServer(cert: string, key: string, listener: RequestListener): Promise<string> {
  return `https://127.0.0.1:${await listening(createSecureServer({ cert, key }, listener))}`;
}

/** A port of this machine that nothing listens on. */
export async function deadPort(): Promise<number> {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise<void>((resolve) => closed.close(() => resolve()));
  return port;
}

/** Answers every ingest of LogTide and tells the version. */
export const takesAll: RequestListener = (request, response) => {
  const body =
    request.method === 'GET' ? { status: 'ok', version: '1.0.2', logs: [] } : { received: 1, timestamp: 'now' };
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
};

export interface Examined {
  readonly report: DoctorReport;
  /** The findings of a group, by code; the last of several. */
  of(group: string): Readonly<Record<string, Finding>>;
}

interface Asked {
  readonly offline?: boolean;
  readonly send?: boolean;
  readonly trial?: boolean;
  readonly platforms?: readonly string[];
}

/** What the doctor finds in this process, with nothing in the environment but what is given. */
export async function examined(
  on: Partial<Surroundings> & { readonly env: Env },
  { offline = false, send = true, trial = false, platforms }: Asked = {},
): Promise<Examined> {
  const surroundings = { ...realSurroundings(5_000), cwd: temporary(), traceId: () => TRACE_ID, ...on };
  const report = await examine(surroundings, { offline, send, trial, platforms });
  return {
    report,
    of: (name) => {
      const group = report.groups.find((candidate) => candidate.name === name);
      return Object.fromEntries((group?.findings ?? []).map((item) => [item.code, item]));
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `logferry …` to its end, with nothing in its environment but what is given. */
export function logferry(
  args: readonly string[],
  { env = {}, cwd = temporary(), input = '' }: { env?: Env; cwd?: string; input?: string } = {},
): Promise<Ended> {
  if (!fs.existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
    cwd,
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output })));
}

/** A folder with a package.json and packages in its node_modules, by the path there. */
export function application(manifest: object, packages: Readonly<Record<string, string>> = {}): string {
  const folder = temporary();
  fs.writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version: '4.5.6', ...manifest }));
  for (const [path, version] of Object.entries(packages)) {
    const at = join(folder, 'node_modules', path);
    fs.mkdirSync(at, { recursive: true });
    fs.writeFileSync(join(at, 'index.js'), '');
    fs.writeFileSync(
      join(at, 'package.json'),
      JSON.stringify({ name: path.replace(/^.*node_modules\//, ''), version }),
    );
  }
  return folder;
}
