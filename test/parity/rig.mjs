// Where entries run: the built package as npm would install it, in the folder of an application `shop`, and a sink.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, propagation, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { application, ROOT } from '../matrix/installation.mjs';

const MODULES = join(ROOT, 'node_modules');
/** What an application of these programs could have installed. */
const PACKAGES = [
  ...['@opentelemetry', '@hono', 'undici', 'eventsource-parser', 'pino', 'winston', 'bunyan'],
  ...['express', 'fastify', 'koa', 'hono'],
];
const PROGRAM_LIMIT_MILLIS = 30_000;

/** What the resource of programs that run in this process says. */
export const RESOURCE = {
  'service.name': 'shop',
  'service.version': '4.5.6',
  'deployment.environment.name': 'production',
  'host.name': 'web-1',
};

/** What every platform of a sink has stored, in the order of arrival; Odysseus's events apart from its logs. */
function stored(sink) {
  const of = (platform, channel = 'logs') =>
    sink
      .records(platform)
      .filter((record) => record.channel === channel)
      .map(({ record }) => record);
  return {
    odysseus: of('odysseus'),
    odysseusEvents: of('odysseus', 'events'),
    logtide: of('logtide'),
    redarch: of('redarch'),
    loggier: of('loggier'),
    trakerr: of('trakerr'),
  };
}

/** Runs entries; `close()` ends what was started and removes the folder. */
export class Rig {
  #running = new Set();
  #count = 0;

  constructor(folder, logferry, startSink) {
    this.folder = folder;
    this.logferry = logferry;
    this.startSink = startSink;
  }

  static async open() {
    const folder = application({ modules: MODULES, names: PACKAGES.filter((name) => existsSync(join(MODULES, name))) });
    const dist = pathToFileURL(`${folder}/node_modules/logferry/dist/`).href;
    const [logferry, { startSink }] = await Promise.all([import(`${dist}index.js`), import(`${dist}sink/sink.js`)]);
    return new Rig(folder, logferry, startSink);
  }

  /** A module of the installed package by what stands behind `logferry/`, as applications import it. */
  load(subpath) {
    const require = createRequire(join(this.folder, 'package.json'));
    return import(pathToFileURL(require.resolve(`logferry/${subpath}`)).href);
  }

  /** Files for programs, by name; gives a folder of their own with `node_modules` above it. */
  files(files) {
    const directory = mkdtempSync(join(this.folder, 'app-'));
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'shop', version: '4.5.6' }));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return directory;
  }

  /**
   * Runs `act` in this process with a logger provider that sends to all platforms of a sink, then gives what they have
   * stored, with what `act` gave as `value` and the counts as `stats`.
   */
  async code(act, { options = {}, delivery = {}, context: log = {}, resource = RESOURCE, sink: sinkOptions } = {}) {
    const { DurableLogRecordProcessor, LogContextProcessor } = this.logferry;
    const sink = await this.startSink(sinkOptions);
    this.#count += 1;
    const spool = { directory: join(this.folder, 'spools', String(this.#count)) };
    const processor = new DurableLogRecordProcessor(this.#platforms(sink, options), { spool, ...delivery });
    const provider = new LoggerProvider({
      resource: resourceFromAttributes(resource),
      processors: [new LogContextProcessor(log), processor],
    });
    logs.setGlobalLoggerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    try {
      const kit = { ...this.logferry, provider, processor, sink, logger: (name = 'shop') => provider.getLogger(name) };
      const value = await act(kit);
      const report = await processor.flush({ timeoutMillis: 10_000 });
      return { ...stored(sink), value, report, stats: processor.stats(), counts: sink.counts() };
    } finally {
      await provider.shutdown();
      await sink.close();
      this.logferry.clearGlobalContext();
      for (const api of [logs, context, propagation, trace]) api.disable();
    }
  }

  /** A tracer whose spans go to the given processors; call it within `code()`. */
  tracer(...spanProcessors) {
    const provider = new BasicTracerProvider({ resource: resourceFromAttributes(RESOURCE), spanProcessors });
    trace.setGlobalTracerProvider(provider);
    return provider.getTracer('shop');
  }

  /**
   * Runs a program as a process of its own with `--import logferry/register` and variables that point it at a sink, then
   * gives what the platforms have stored and how it has ended. `source` is an ES module.
   */
  async program(source, { env = {}, flags = ['--import', 'logferry/register'], files = {}, sink: given, act } = {}) {
    const sink = given ?? (await this.startSink());
    const directory = this.files({ 'app.mjs': source, ...files });
    const variables = typeof env === 'function' ? env(sink) : env;
    try {
      const ended = await this.#run([...flags, 'app.mjs'], directory, { ...sink.env(), ...variables }, act);
      return { ...stored(sink), ...ended, counts: sink.counts() };
    } finally {
      if (given === undefined) await sink.close();
    }
  }

  /** Runs `npx logferry …`. */
  command(args, env = {}, directory = this.folder) {
    return this.#run([join(this.folder, 'node_modules/logferry/dist/cli/main.js'), ...args], directory, env);
  }

  async close() {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #platforms(sink, options) {
    const { odysseus, logtide, redarch, loggier, trakerr } = this.logferry;
    const { url, credentials } = sink;
    const { odysseusAppId: appId, odysseusAppKey: appKey } = credentials;
    return [
      odysseus({ appId, appKey, url, ...options.odysseus }),
      logtide({ apiKey: credentials.logtideApiKey, url, ...options.logtide }),
      redarch({ apiKey: credentials.redarchApiKey, url: `${url}/log`, ...options.redarch }),
      loggier({ apiKey: credentials.loggierApiKey, url, ...options.loggier }),
      trakerr({ apiKey: credentials.trakerrApiKey, url: `${url}/api/v1`, ...options.trakerr }),
    ];
  }

  #run(args, cwd, env, act) {
    const environment = { PATH: process.env.PATH ?? '' };
    for (const [name, value] of Object.entries(env)) if (value !== undefined) environment[name] = value;
    const child = spawn(process.execPath, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    const watchdog = setTimeout(() => child.kill('SIGKILL'), PROGRAM_LIMIT_MILLIS);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        said[name] += text;
      });
    }
    act?.(child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(watchdog);
        this.#running.delete(child);
        resolve({ code, signal, ...said });
      });
    });
  }
}

/** All entries below a folder, for looking into a spool. */
export function filesBelow(directory) {
  return existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
}

/** The source of a program that logs through the API: `log('text', { severityNumber, attributes, … }, 'scope')`. */
export const LOG = `import { logs } from '@opentelemetry/api-logs';
const log = (body, record = {}, scope = 'shop') =>
  logs.getLogger(scope).emit({ body, severityNumber: 9, severityText: 'INFO', ...record });
`;
