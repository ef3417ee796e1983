import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Installed, PEERS } from '../register/installed.ts';
import { LOGGERS, Shop, START_LINE } from './shop.ts';

// OpenTelemetry's own exporters beside the platforms, by its own variables.

const OTEL = [
  'api',
  'api-logs',
  'core',
  'sdk-logs',
  'sdk-trace',
  'context-async-hooks',
  'instrumentation-http',
  'instrumentation-pino',
  'instrumentation-winston',
  'instrumentation-bunyan',
  'winston-transport',
];
const shop = new Shop([...OTEL.map((name) => `@opentelemetry/${name}`), ...LOGGERS]);
const installed: Installed[] = [];

afterEach(async () => {
  for (const one of installed.splice(0)) await one.dispose();
});

/** What the optional exporter packages have for us: a class of this name. This one prints what it gets. */
function addExporter(to: Installed, name: string, className: string): void {
  const folder = join(to.directory, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'index.js' }));
  writeFileSync(
    join(folder, 'index.js'),
    `exports.${className} = class {
      export(items, done) {
        for (const item of items) process.stdout.write('${name}: ' + (item.body ?? item.name) + '\\n');
        done({ code: 0 });
      }
      async forceFlush() {}
      async shutdown() {}
    };`,
  );
}

const said = (stdout: string, name: string): readonly string[] =>
  (stdout.match(new RegExp(`^${name}: .*$`, 'gm')) ?? []).map((line) => line.slice(name.length + 2)).sort();

const HEARD = ['from bunyan', 'from pino', 'from the API', 'from winston'];

describe('unset', () => {
  it('records and spans go to the platforms and nowhere else', async () => {
    const { stdout, stderr } = await shop.installed.run('server.cjs', { env: shop.env() });
    expect(stderr).toMatch(START_LINE);
    expect(stdout).not.toMatch(/traceId|instrumentationScope/);
    expect(shop.messages()).toEqual(HEARD);
  });
});

describe('otlp', () => {
  const LOGS = '@opentelemetry/exporter-logs-otlp-proto';
  const TRACES = '@opentelemetry/exporter-trace-otlp-http';

  it('gets what the platforms get, and the spans, before the process ends', async () => {
    addExporter(shop.installed, LOGS, 'OTLPLogExporter');
    addExporter(shop.installed, TRACES, 'OTLPTraceExporter');
    const env = shop.env({
      ...{ OTEL_LOGS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'otlp,none' },
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    });
    const { stdout, stderr } = await shop.installed.run('server.mjs', { env });
    expect(stderr).toMatch(START_LINE);
    expect(said(stdout, LOGS)).toEqual(HEARD);
    expect(said(stdout, TRACES)).toEqual(['GET', 'GET']);
    expect(shop.messages()).toEqual(HEARD);
  });

  it('gets nothing twice from an application that starts its own SDK', async () => {
    addExporter(shop.installed, LOGS, 'OTLPLogExporter');
    const env = shop.env({ OTEL_LOGS_EXPORTER: 'otlp', PARTS: 'logs,pino' });
    const { stdout } = await shop.installed.run('sdk-app.cjs', { env });
    expect(said(stdout, 'theirs')).toEqual(['log from an early logger', 'log from pino', 'log from the API']);
    expect(said(stdout, LOGS)).toEqual([]);
    expect(shop.messages()).toEqual(['from an early logger', ...HEARD]);
  });

  it.each([
    ['OTEL_LOGS_EXPORTER', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, '@opentelemetry/exporter-logs-otlp-http'],
    ['OTEL_LOGS_EXPORTER', { OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' }, '@opentelemetry/exporter-logs-otlp-grpc'],
    ['OTEL_TRACES_EXPORTER', {}, '@opentelemetry/exporter-trace-otlp-proto'],
  ])(
    '%s %j without its package says which one is missing; the platforms get everything',
    async (name, more, missing) => {
      const env = shop.env({ [name]: 'otlp', ...more });
      const { stderr } = await shop.installed.run('server.cjs', { env });
      expect(stderr).toMatch(new RegExp(`^logferry LF023 ${name} asks for otlp .*: npm install ${missing}\\n`));
      expect(shop.messages()).toEqual(HEARD);
    },
  );
});

describe('console', () => {
  it('prints records and spans', async () => {
    const env = shop.env({ OTEL_LOGS_EXPORTER: 'console,none', OTEL_TRACES_EXPORTER: 'console' });
    const { stdout } = await shop.installed.run('server.cjs', { env });
    expect(stdout.match(/^ {2}body: 'from/gm)).toHaveLength(4);
    expect(stdout.match(/^ {2}kind: 1/gm)).toHaveLength(1);
    expect(shop.messages()).toEqual(HEARD);
  });
});

describe('what cannot be understood', () => {
  it.each<[Record<string, string>, RegExp]>([
    [{ OTEL_LOGS_EXPORTER: 'logtide' }, /^LF022 OTEL_LOGS_EXPORTER lists "logtide": use some of otlp, console, none$/],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /^LF022 OTEL_TRACES_EXPORTER lists "zipkin"/],
    [
      { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'soap' },
      /^LF022 OTEL_EXPORTER_OTLP_PROTOCOL is none/,
    ],
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, /^LF022 OTEL_TRACES_SAMPLER names no sampler/],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }, /^LF022 OTEL_TRACES_SAMPLER_ARG is no/],
    [{ OTEL_PROPAGATORS: 'tracecontext,pigeon' }, /^LF022 OTEL_PROPAGATORS lists "pigeon"/],
    [{ OTEL_PROPAGATORS: 'b3' }, /^LF023 OTEL_PROPAGATORS lists b3: npm install @opentelemetry\/propagator-b3$/],
  ])('%j is said in one line and ignored', async (more, expected) => {
    const { stderr } = await shop.installed.run('server.cjs', { env: shop.env(more) });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]?.replace('logferry ', '')).toMatch(expected);
    expect(shop.records().every(({ trace_id }) => trace_id !== undefined)).toBe(true);
    expect(shop.messages()).toEqual(HEARD);
  });
});

describe('sampling and propagation', () => {
  const flagsOf = `const { trace, propagation, context } = require('@opentelemetry/api');
    const span = trace.getTracer('shop').startSpan('work');
    const carrier = {};
    propagation.inject(trace.setSpan(context.active(), span), carrier);
    process.stdout.write(JSON.stringify({ flags: span.spanContext().traceFlags, names: Object.keys(carrier) }));`;

  it.each<[Record<string, string>, { flags: number; names: readonly string[] }]>([
    [{}, { flags: 1, names: ['traceparent'] }],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, { flags: 0, names: ['traceparent'] }],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
      { flags: 0, names: ['traceparent'] },
    ],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, { flags: 1, names: ['traceparent'] }],
    [{ OTEL_PROPAGATORS: 'none' }, { flags: 1, names: [] }],
  ])('%j', async (more, expected) => {
    const { stdout } = await shop.installed.run(flagsOf, { source: true, env: shop.env(more) });
    expect(JSON.parse(stdout)).toEqual(expected);
  });
});

describe('with sdk-trace-base, as the tracing SDK is called up to 2.x', () => {
  it('makes spans and exports them', async () => {
    const packages = ['sdk-trace-base', 'context-async-hooks', 'instrumentation-http', 'instrumentation-pino'];
    const one = new Installed({
      packages: [...PEERS, ...packages.map((name) => `@opentelemetry/${name}`), ...LOGGERS],
      apps: join(import.meta.dirname, 'apps'),
    });
    installed.push(one);
    const env = shop.env({ OTEL_TRACES_EXPORTER: 'console', OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,pino' });
    const { stdout, stderr } = await one.run('server.cjs', { env });
    expect(stderr).toMatch(START_LINE);
    expect(stdout.match(/^ {2}kind: 1/gm)).toHaveLength(1);
    expect(shop.messages()).toEqual(['from pino', 'from the API']);
    expect(shop.records().every(({ trace_id }) => trace_id !== undefined)).toBe(true);
  });
});
