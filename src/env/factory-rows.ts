import type { LoggierOptions } from '../platforms/loggier.ts';
import type { LogTideOptions } from '../platforms/logtide.ts';
import type { OdysseusOptions } from '../platforms/odysseus.ts';
import type { RedArchOptions } from '../platforms/redarch.ts';
import type { TrakerrOptions } from '../platforms/trakerr.ts';
import { CODE_ONLY, type Row } from './variable.ts';

/** An option of a platform's factory. */
interface FactoryRow<Option> extends Row<Option> {
  /** The platform's own name of the variable, where it has one: then this is the only name. */
  readonly own?: string;
  /** The platform's own name, which the usual one wins over. */
  readonly older?: string;
}

/** Every option of a factory: one that is added there is missed here by the compiler. */
export type FactoryRows<Options> = {
  readonly [Option in keyof Options]-?: FactoryRow<NonNullable<Options[Option]>> | typeof CODE_ONLY;
};

const PAIRS = '`team=checkout,region=eu`';

export const ODYSSEUS: FactoryRows<OdysseusOptions> = {
  appId: { own: 'ODYSSEUS_APP_ID', kind: 'secret', description: 'application id' },
  appKey: { own: 'ODYSSEUS_APP_KEY', kind: 'secret', description: 'application key' },
  url: {
    own: 'ODYSSEUS_URL',
    kind: 'url',
    fallback: 'https://odysseus.codetitans.dev',
    description: 'base address',
  },
  route: {
    kind: 'word',
    words: ['event', 'log', 'both'],
    usual: '`event`',
    description: 'where named records and span events go: `event`, `log` or `both`',
  },
  exceptionEvents: {
    kind: 'word',
    words: ['log', 'route'],
    usual: '`log`',
    description: 'span events named `exception`: error entries (`log`), or as `route` says',
  },
  session: { kind: 'text', usual: 'random', description: 'session of records without one: a uuid' },
  sessionFromInstance: { kind: 'boolean', usual: '`false`', description: 'session from `service.instance.id`' },
  uuidFormat: {
    kind: 'word',
    words: ['hex', 'dashed'],
    usual: '`hex`',
    description: 'how uuids are written: `hex` or `dashed`',
  },
  platform: { kind: 'count', least: -32_768, most: 32_767, description: 'platform number; 7 is Android' },
  user: { kind: 'text', description: 'user of records without one' },
  getUser: CODE_ONLY,
  stripFileName: {
    kind: 'textOrBoolean',
    usual: '`true`',
    description: 'file paths: base name only, as they are (`false`), or what follows this prefix',
  },
  callerFromException: {
    kind: 'boolean',
    usual: '`false`',
    description: 'file and line from the stack of an exception',
  },
  severity: CODE_ONLY,
  outcomeSuccess: { kind: 'boolean', usual: '`false`', description: 'show INFO of successful outcomes as SUCCESS' },
  eventType: {
    kind: 'count',
    least: -2_147_483_647,
    most: 2_147_483_647,
    usual: '0',
    description: 'type number of events',
  },
  stream: {
    kind: 'word',
    words: ['trace', 'trace-instance', 'span', 'trace-elapsed'],
    usual: '`trace`',
    description: 'how events are grouped: `trace`, `trace-instance`, `span` or `trace-elapsed`',
  },
  resourceKeys: { kind: 'texts', usual: 'all', description: 'resource attributes that are sent' },
  recordUid: { kind: 'boolean', usual: '`false`', description: 'a `log.record.uid` for every log entry' },
};

export const LOGTIDE: FactoryRows<LogTideOptions> = {
  url: { own: 'LOGTIDE_API_URL', kind: 'url', description: 'base address' },
  apiKey: { own: 'LOGTIDE_API_KEY', kind: 'secret', description: 'key, `lp_…`' },
  dsn: { own: 'LOGTIDE_DSN', kind: 'secret', description: '`https://lp_KEY@host`, instead of the two above' },
  service: { kind: 'text', usual: '`service.name`, then `unknown`', description: 'service of every entry' },
  metadata: { kind: 'attributes', description: `metadata of every entry, ${PAIRS}; those of the record win` },
  identifierAliases: { kind: 'boolean', usual: '`false`', description: 'also write `user_id`, `session_id` …' },
};

export const REDARCH: FactoryRows<RedArchOptions> = {
  url: {
    own: 'RARCH_LOGGING_URL',
    kind: 'url',
    fallback: 'http://localhost:8080/log',
    description: 'address with path',
  },
  apiKey: { own: 'RARCH_LOGGING_API_KEY', kind: 'secret', description: 'key that signs the tokens' },
  service: {
    older: 'RARCH_LOGGING_SERVICE',
    kind: 'text',
    usual: '`service.name`, then `unspecified-service`',
    description: 'service of every record',
  },
  serviceNamespace: { kind: 'boolean', usual: '`false`', description: '`service.namespace` in front of the service' },
  userId: { kind: 'text', description: '`user_id` of records without a user' },
  tenantId: { kind: 'text', description: '`tenant_id` of records without a tenant' },
  requestId: {
    kind: 'word',
    words: ['trace-id', 'trace-id-dashed'],
    usual: '`trace-id`',
    description: 'what stands for a missing request id: `trace-id` or `trace-id-dashed`',
  },
  levelNames: {
    kind: 'word',
    words: ['canonical', 'stdlib'],
    usual: '`canonical`',
    description: "`canonical` (WARN FATAL) or `stdlib`, the names of Python's logging",
  },
  timestampZone: { kind: 'word', words: ['+00:00', 'Z'], usual: '`+00:00`', description: 'UTC as `+00:00` or `Z`' },
  appendStack: { kind: 'boolean', usual: '`false`', description: 'stack of an exception in the message' },
  attributeKeys: {
    kind: 'word',
    words: ['dotted', 'nested'],
    usual: '`dotted`',
    description: 'attribute names in `context`: `dotted` or `nested`',
  },
  resourceKeys: { kind: 'texts', usual: 'all', description: 'resource attributes that are sent' },
  recordId: { kind: 'boolean', usual: '`true`', description: 'a `context.record_id` for every record' },
};

export const LOGGIER: FactoryRows<LoggierOptions> = {
  apiKey: { own: 'LOGGIER_API_KEY', kind: 'secret', description: 'key' },
  url: { own: 'LOGGIER_API_URL', kind: 'url', fallback: 'https://api.loggier.app', description: 'base address' },
  tags: { kind: 'texts', description: 'tags of every record, by comma' },
  environment: {
    kind: 'text',
    usual: '`deployment.environment.name`, then `development`',
    description: 'environment of every record',
  },
  serviceName: { kind: 'text', usual: '`service.name`', description: '`context.service_name`' },
  context: { kind: 'attributes', description: `context of every record, ${PAIRS}; attributes of the record win` },
  messageLimit: { kind: 'count', least: 64, usual: 'none', description: 'longest message in characters' },
  includeIp: { kind: 'boolean', usual: '`false`', description: "send this machine's address" },
  deliveryId: { kind: 'boolean', usual: '`true`', description: 'a `context.log_id` for every record' },
};

export const TRAKERR: FactoryRows<TrakerrOptions> = {
  apiKey: { own: 'TRAKERR_API_KEY', kind: 'secret', description: 'key' },
  url: { own: 'TRAKERR_API_URL', kind: 'url', fallback: 'https://www.trakerr.io/api/v1', description: 'base address' },
  appVersion: { kind: 'text', usual: '`service.version`, then `1.0`', description: '`contextAppVersion`' },
  deploymentStage: {
    kind: 'text',
    usual: '`deployment.environment.name`, then `development`',
    description: '`deploymentStage`',
  },
  sku: { kind: 'text', description: '`contextAppSku`' },
  device: { kind: 'text', description: '`contextDevice`' },
  dataCenter: { kind: 'text', description: '`contextDataCenter`' },
  dataCenterRegion: { kind: 'text', description: '`contextDataCenterRegion`' },
  envName: { kind: 'text', usual: '`JavaScript/Node`', description: '`contextEnvName`' },
  envVersion: { kind: 'text', usual: "Node's version", description: '`contextEnvVersion`' },
  hostname: { kind: 'text', usual: "this machine's", description: '`contextEnvHostname`' },
  os: { kind: 'text', usual: "this machine's", description: '`contextAppOS`' },
  osVersion: { kind: 'text', usual: "this machine's", description: '`contextAppOSVersion`' },
  browser: { kind: 'text', description: '`contextAppBrowser`' },
  browserVersion: { kind: 'text', description: '`contextAppBrowserVersion`' },
  classification: { kind: 'text', usual: '`log` or `issue`', description: 'what events are grouped by' },
  user: { kind: 'text', description: '`eventUser` of records without a user' },
  session: { kind: 'text', description: '`eventSession` of records without a session' },
  tags: { kind: 'texts', description: 'tags of every event, by comma' },
  customProperties: {
    kind: 'slots',
    description: '`order.id=1,order.total=d1`: attributes in slots 1–10 for texts, d1–d10 for numbers',
  },
  customSegments: { kind: 'slots', description: 'the same for `customSegments`' },
  unmappedSlot: {
    kind: 'countOrOff',
    least: 1,
    most: 10,
    usual: '10',
    description: 'slot of all that has no field, 1–10 or `off`',
  },
  maxUnmappedBytes: {
    kind: 'size',
    least: 256,
    most: 262_144,
    usual: '`16k`',
    description: 'most bytes of that',
  },
  correlateSpans: { kind: 'boolean', usual: '`false`', description: 'correlation id with the span id' },
  systemLoad: { kind: 'boolean', usual: '`true`', description: "the machine's CPU and memory use" },
  stripWorkingDirectory: { kind: 'boolean', usual: '`false`', description: 'cut the working directory from stacks' },
  lineColumn: { kind: 'boolean', usual: '`false`', description: '`line` of a frame as `line:column`' },
};
