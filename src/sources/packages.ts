/** A: api 1.9 with sdk-logs 0.2xx; B: api 1.10 with sdk-logs 3. Packages of one do not install beside the other. */
export type Line = 'A' | 'B';

/** A package of OpenTelemetry's and the versions of it that go with each line. */
export interface PeerPackage {
  readonly package: string;
  /** As `npm install package@version` takes it. */
  readonly version: Readonly<Record<Line, string>>;
}

/** An instrumentation package that is loaded when it is installed. */
export interface Source extends PeerPackage {
  /** As in `OTEL_NODE_ENABLED_INSTRUMENTATIONS`. */
  readonly name: string;
  readonly className: string;
  /** `logs`: makes log records of what a logger is told. `traces`: makes the spans whose ids the records carry. */
  readonly signal: 'logs' | 'traces';
  /** The package that it instruments; undefined where that is Node itself. */
  readonly instruments?: string;
  /** Modules of Node that it waits for. */
  readonly modules?: readonly string[];
  /** Packages that bring the logger along, where the application cannot reach it by its name. */
  readonly broughtBy?: readonly string[];
  /** What it loads by itself once it is used. */
  readonly needs?: PeerPackage;
  /** Only when asked for. */
  readonly optIn?: true;
  /** Versions that it does not list although it fits them. */
  readonly alsoSupports?: string;
  /** Configuration it is made with. */
  readonly config?: Readonly<Record<string, unknown>>;
}

// The lines that an application prints stay as they are; the ids are on the records.
const NO_CORRELATION = { disableLogCorrelation: true };

/** What is instrumented without a line of code, where these packages are installed beside logferry. */
export const SOURCES: readonly Source[] = [
  {
    name: 'http',
    package: '@opentelemetry/instrumentation-http',
    className: 'HttpInstrumentation',
    modules: ['http', 'https'],
    signal: 'traces',
    version: { A: '0.223', B: '0.301' },
  },
  {
    name: 'undici',
    package: '@opentelemetry/instrumentation-undici',
    className: 'UndiciInstrumentation',
    signal: 'traces',
    version: { A: '0.33', B: '0.34' },
  },
  {
    name: 'fastify',
    package: '@fastify/otel',
    className: 'FastifyOtelInstrumentation',
    instruments: 'fastify',
    signal: 'traces',
    version: { A: 'latest', B: 'latest' },
    config: { registerOnInitialization: true },
  },
  {
    name: 'pino',
    package: '@opentelemetry/instrumentation-pino',
    className: 'PinoInstrumentation',
    instruments: 'pino',
    broughtBy: ['fastify'],
    signal: 'logs',
    version: { A: '0.69', B: '0.70' },
    config: NO_CORRELATION,
  },
  {
    name: 'winston',
    package: '@opentelemetry/instrumentation-winston',
    className: 'WinstonInstrumentation',
    instruments: 'winston',
    signal: 'logs',
    version: { A: '0.68', B: '0.69' },
    needs: { package: '@opentelemetry/winston-transport', version: { A: '0.33', B: '0.34' } },
    config: NO_CORRELATION,
  },
  {
    name: 'bunyan',
    package: '@opentelemetry/instrumentation-bunyan',
    className: 'BunyanInstrumentation',
    instruments: 'bunyan',
    signal: 'logs',
    version: { A: '0.68', B: '0.69' },
    // What it patches is the same in bunyan 2, which came after it.
    alsoSupports: '>=2 <3',
    config: NO_CORRELATION,
  },
  {
    name: 'console',
    package: '@opentelemetry/instrumentation-console',
    className: 'ConsoleInstrumentation',
    signal: 'logs',
    version: { A: '0.4', B: '0.4' },
    optIn: true,
  },
];

/** Everything OpenTelemetry has for Node, in one package; used instead where the application has it. */
export const AUTO_INSTRUMENTATIONS = '@opentelemetry/auto-instrumentations-node';

/** Without these there are no trace ids. `sdk-trace-base` is what the tracing SDK is called up to 2.x. */
export const TRACING: readonly (PeerPackage & { readonly alternatives: readonly string[] })[] = [
  {
    package: '@opentelemetry/sdk-trace',
    alternatives: ['@opentelemetry/sdk-trace', '@opentelemetry/sdk-trace-base'],
    version: { A: '2', B: '3' },
  },
  {
    package: '@opentelemetry/context-async-hooks',
    alternatives: ['@opentelemetry/context-async-hooks'],
    version: { A: '2', B: '3' },
  },
];
