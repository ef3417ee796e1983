import { FEATURE_ROWS } from './feature-rows.ts';
import type { GeneralRow } from './general-row.ts';
import type { KindValues, Variable } from './variable.ts';

/** Settings that concern the whole process, by option. */
const ROWS = {
  platforms: {
    name: 'LOGFERRY_PLATFORMS',
    topic: 'The process',
    kind: 'list',
    usual: 'all with credentials',
    description: 'only these platforms, e.g. `logtide,trakerr`',
  },
  config: {
    name: 'LOGFERRY_CONFIG',
    topic: 'The process',
    kind: 'text',
    description: 'a module with more options, e.g. `./logferry.config.mjs`; see `defineConfig()`',
  },
  levelsFile: {
    name: 'LOGFERRY_LEVELS_FILE',
    topic: 'What is sent',
    kind: 'text',
    description: 'a file with the text of `LOGFERRY_LEVELS`, one or more a line; followed while the process runs',
  },
  levelSignal: {
    name: 'LOGFERRY_LEVEL_SIGNAL',
    topic: 'What is sent',
    kind: 'word',
    words: ['SIGUSR2', 'SIGHUP'],
    description: 'a signal that lets everything pass from `debug` on, and with the next one ends that',
  },
  attributes: {
    name: 'LOGFERRY_GLOBAL_ATTRIBUTES',
    topic: 'What is sent',
    kind: 'attributes',
    description: 'attributes of every record, `team=checkout,region=eu`, percent-encoded; those of the record win',
  },
  tags: {
    name: 'LOGFERRY_TAGS',
    topic: 'What is sent',
    kind: 'texts',
    description: 'tags of every record, by comma: attribute `tags`, before those of the record',
  },
  environment: {
    name: 'LOGFERRY_ENVIRONMENT',
    topic: 'What is sent',
    kind: 'text',
    usual: '`OTEL_RESOURCE_ATTRIBUTES`, then `NODE_ENV`',
    description: 'resource attribute `deployment.environment.name`',
  },
  release: {
    name: 'LOGFERRY_RELEASE',
    topic: 'What is sent',
    kind: 'text',
    usual: '`OTEL_RESOURCE_ATTRIBUTES`, then package.json, then the commit',
    description: 'resource attribute `service.version`',
  },
  flushMillis: {
    name: 'LOGFERRY_FLUSH_TIMEOUT',
    topic: 'The process',
    kind: 'duration',
    fallback: '5s',
    description: 'longest wait for delivery when the process ends; if set, also of `forceFlush()`',
  },
  sources: {
    name: 'LOGFERRY_SOURCES',
    topic: 'The process',
    kind: 'list',
    usual: 'all that are installed',
    description: 'only these instrumentations, e.g. `http,pino`; `none`: no instrumentation, no spans',
  },
  console: {
    name: 'LOGFERRY_CONSOLE',
    topic: 'The process',
    kind: 'boolean',
    fallback: 'false',
    description: 'also send what goes to `console`; takes `@opentelemetry/instrumentation-console`',
  },
  quiet: {
    name: 'LOGFERRY_QUIET',
    topic: 'The process',
    kind: 'boolean',
    fallback: 'false',
    description: 'no start line',
  },
  strict: {
    name: 'LOGFERRY_STRICT',
    topic: 'The process',
    kind: 'boolean',
    fallback: 'false',
    description: 'exit with code 78 on any problem with these variables, before the application starts',
  },
  ...FEATURE_ROWS,
} as const satisfies Readonly<Record<string, GeneralRow>>;

type WordsOf<R> = R extends { readonly words: readonly (infer Word)[] } ? Word : KindValues['word'];

/** Values of these variables by option, as they are set or fall back. */
export type GeneralValues = {
  readonly [Option in keyof typeof ROWS]?: (typeof ROWS)[Option]['kind'] extends 'word'
    ? WordsOf<(typeof ROWS)[Option]>
    : KindValues[(typeof ROWS)[Option]['kind']];
};

export const GENERAL_VARIABLES: readonly Variable[] = Object.entries<GeneralRow>(ROWS).map(([option, row]) => ({
  ...row,
  option,
  of: 'general',
}));
