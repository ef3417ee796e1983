import type { PlatformName } from './platforms/registry.ts';

export type VariableKind = 'text' | 'secret' | 'url' | 'level' | 'list' | 'boolean' | 'size' | 'duration' | 'fsync';

/** One environment variable: what the parser, the documentation and the spelling help know of it. */
export interface Variable {
  readonly name: string;
  readonly kind: VariableKind;
  /** Option it sets: of the platform's factory, or of delivery (`level`). */
  readonly option: string;
  /** The platform it belongs to; undefined for settings that concern all. */
  readonly platform?: PlatformName;
  /** Used when the variable is not set; as it would be written in the environment. */
  readonly fallback?: string;
  readonly description: string;
}

/**
 * Every variable that logferry reads beside OpenTelemetry's own. Names of credentials are the platforms' own; a
 * variable of kind `secret` can also be given as `NAME_FILE`, the path of a file that holds it.
 */
export const VARIABLES: readonly Variable[] = [
  { name: 'ODYSSEUS_APP_ID', platform: 'odysseus', kind: 'secret', option: 'appId', description: 'application id' },
  { name: 'ODYSSEUS_APP_KEY', platform: 'odysseus', kind: 'secret', option: 'appKey', description: 'application key' },
  {
    name: 'ODYSSEUS_URL',
    platform: 'odysseus',
    kind: 'url',
    option: 'url',
    fallback: 'https://odysseus.codetitans.dev',
    description: 'base address',
  },
  { name: 'LOGTIDE_API_URL', platform: 'logtide', kind: 'url', option: 'url', description: 'base address' },
  { name: 'LOGTIDE_API_KEY', platform: 'logtide', kind: 'secret', option: 'apiKey', description: 'key, `lp_…`' },
  {
    name: 'LOGTIDE_DSN',
    platform: 'logtide',
    kind: 'secret',
    option: 'dsn',
    description: '`https://lp_KEY@host`, instead of the two above',
  },
  {
    name: 'RARCH_LOGGING_URL',
    platform: 'redarch',
    kind: 'url',
    option: 'url',
    fallback: 'http://localhost:8080/log',
    description: 'address with path',
  },
  {
    name: 'RARCH_LOGGING_API_KEY',
    platform: 'redarch',
    kind: 'secret',
    option: 'apiKey',
    description: 'key that signs the tokens',
  },
  {
    name: 'RARCH_LOGGING_SERVICE',
    platform: 'redarch',
    kind: 'text',
    option: 'service',
    fallback: 'unspecified-service',
    description: 'service when the resource names none',
  },
  {
    name: 'RARCH_LOGGING_DEFAULT_LEVEL',
    platform: 'redarch',
    kind: 'level',
    option: 'level',
    description: 'lowest level that is sent',
  },
  { name: 'LOGGIER_API_KEY', platform: 'loggier', kind: 'secret', option: 'apiKey', description: 'key' },
  {
    name: 'LOGGIER_API_URL',
    platform: 'loggier',
    kind: 'url',
    option: 'url',
    fallback: 'https://api.loggier.app',
    description: 'base address',
  },
  { name: 'TRAKERR_API_KEY', platform: 'trakerr', kind: 'secret', option: 'apiKey', description: 'key' },
  {
    name: 'TRAKERR_API_URL',
    platform: 'trakerr',
    kind: 'url',
    option: 'url',
    fallback: 'https://www.trakerr.io/api/v1',
    description: 'base address',
  },
  {
    name: 'LOGFERRY_PLATFORMS',
    kind: 'list',
    option: 'platforms',
    description: 'only these platforms, e.g. `logtide,trakerr`; default: all with credentials',
  },
  {
    name: 'LOGFERRY_LEVEL',
    kind: 'level',
    option: 'level',
    description: 'lowest level that is sent, `trace` … `fatal` or a severity number 1–24; default: all',
  },
  {
    name: 'LOGFERRY_QUEUE_SIZE',
    kind: 'size',
    option: 'queueBytes',
    fallback: '32mb',
    description: 'memory for waiting records, per platform',
  },
  {
    name: 'LOGFERRY_MAX_AGE',
    kind: 'duration',
    option: 'maxAgeMillis',
    description: 'records that have waited longer are dropped and counted, e.g. `24h`; default: never',
  },
  {
    name: 'LOGFERRY_SPOOL_DIR',
    kind: 'text',
    option: 'spoolDirectory',
    description: 'directory in which records wait on disk until they are delivered; default: memory only',
  },
  {
    name: 'LOGFERRY_SPOOL_NAME',
    kind: 'text',
    option: 'spoolName',
    description:
      'processes with the same name deliver what dead ones of each other have left; default: the service name',
  },
  {
    name: 'LOGFERRY_SPOOL_SIZE',
    kind: 'size',
    option: 'spoolBytes',
    fallback: '256mb',
    description: 'disk space for waiting records, all processes and platforms together',
  },
  {
    name: 'LOGFERRY_SPOOL_FSYNC',
    kind: 'fsync',
    option: 'spoolFsync',
    fallback: 'interval',
    description: 'when the disk is asked to keep what was written: `interval` (a second), `batch` (at once) or `never`',
  },
  {
    name: 'LOGFERRY_SPOOL_COMPRESS',
    kind: 'boolean',
    option: 'spoolCompress',
    fallback: 'false',
    description: 'compress what waits during an outage',
  },
  {
    name: 'LOGFERRY_FLUSH_TIMEOUT',
    kind: 'duration',
    option: 'flushMillis',
    fallback: '5s',
    description: 'longest wait for delivery when the process ends',
  },
  {
    name: 'LOGFERRY_ALLOW_INSECURE',
    kind: 'boolean',
    option: 'allowInsecure',
    fallback: 'false',
    description: 'allow `http://` to other machines',
  },
  { name: 'LOGFERRY_QUIET', kind: 'boolean', option: 'quiet', fallback: 'false', description: 'no start line' },
  {
    name: 'LOGFERRY_STRICT',
    kind: 'boolean',
    option: 'strict',
    fallback: 'false',
    description: 'exit with code 78 on any problem with these variables, before the application starts',
  },
];
