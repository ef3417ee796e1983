import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { grouped } from '../../src/env/delivery.ts';
import { DELIVERY_ROWS } from '../../src/env/delivery-rows.ts';
import { readEnvironment } from '../../src/env/environment.ts';
import { LOGGIER, LOGTIDE, ODYSSEUS, REDARCH, TRAKERR } from '../../src/env/factory-rows.ts';
import { VARIABLES, variablesOf } from '../../src/env/table.ts';
import { parseValue } from '../../src/env/values.ts';
import { CODE_ONLY } from '../../src/env/variable.ts';
import { type DeliveryOptions, deliverySettings } from '../../src/options.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { PLATFORMS, type PlatformName } from '../../src/platforms/registry.ts';
import { COMPLETE, type Env, read } from '../register/read-env.ts';

// Every variable, and what it sets: the options that destinations and platforms are made with are caught on their way.

const made = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../src/destination.ts', () => ({
  Destination: class {
    readonly name: string;
    constructor({ name }: Platform, options: DeliveryOptions) {
      this.name = name;
      made.set(name, options);
    }
  },
}));

const given = new Map<string, Readonly<Record<string, unknown>>>();

beforeEach(() => {
  for (const entry of PLATFORMS) {
    const { create } = entry;
    vi.spyOn(entry, 'create').mockImplementation((options) => {
      given.set(entry.name, options);
      return create(options);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  made.clear();
  given.clear();
});

const NAMES: readonly PlatformName[] = PLATFORMS.map(({ name }) => name);

function deliveryOf(platform: string, env: Env): DeliveryOptions {
  expect(read({ ...COMPLETE, ...env }).problems).toEqual([]);
  return made.get(platform) as DeliveryOptions;
}

function at(options: object | undefined, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], options);
}

/** What follows `LOGFERRY_`, a text, the option of delivery that it sets, the value, and what else has to be set. */
const DELIVERY: readonly (readonly [string, string, string, unknown, Env?])[] = [
  ['SCOPES', 'billing.*, -Http*', 'scopes', ['billing.*', '-Http*']],
  [
    'SAMPLE',
    'debug=0.1,db.*=50%',
    'volume.sample',
    [
      { severity: 'debug', ratio: 0.1 },
      { scope: 'db.*', ratio: 0.5 },
    ],
  ],
  ['BURST', '1000/5s', 'volume.burst', { maxRecords: 1_000, perMillis: 5_000 }],
  ['REPEATS', '1m', 'volume.repeats', { windowMillis: 60_000 }],
  ['BREADCRUMBS', '5', 'volume.breadcrumbs', { maxRecords: 5 }],
  ['REDACT', 'off', 'redact', false],
  ['REDACT_FIELDS', 'ssn,*_pin', 'redact.fields', ['ssn', '*_pin']],
  ['REDACT_DEFAULTS', 'no', 'redact.defaultFields', false],
  ['REDACT_ALLOW', 'token', 'redact.allow', ['token']],
  ['REDACT_HEADERS', 'X-Shop', 'redact.headers', ['X-Shop']],
  ['REDACT_QUERY', 'sig', 'redact.queryParameters', ['sig']],
  ['REDACT_PATTERNS', 'default, EMAIL', 'redact.patterns', ['default', 'email']],
  ['REDACT_CENSOR', '***', 'redact.censor', '***'],
  ['HASH_FIELDS', 'user.id', 'redact.hash.fields', ['user.id'], { LOGFERRY_HASH_KEY: '0123456789abcdef' }],
  ['HASH_KEY', 'fedcba9876543210', 'redact.hash.key', 'fedcba9876543210'],
  ['HASH_LENGTH', '8', 'redact.hash.length', 8, { LOGFERRY_HASH_KEY: '0123456789abcdef' }],
  ['MAX_STRING_LENGTH', '100', 'limits.maxStringLength', 100],
  ['MAX_MESSAGE_LENGTH', '200', 'limits.maxMessageLength', 200],
  ['MAX_DEPTH', '3', 'limits.maxDepth', 3],
  ['MAX_VALUES', '50', 'limits.maxValues', 50],
  ['MAX_RECORD_LENGTH', '5000', 'limits.maxRecordLength', 5_000],
  ['BINARY', 'SIZE', 'limits.binary', 'size'],
  ['BASE64_TEXT', 'cut', 'limits.base64Text', 'cut'],
  ['QUEUE_SIZE', '64k', 'queue.maxBytes', 65_536],
  ['MAX_AGE', '24h', 'queue.maxAgeMillis', 86_400_000],
  ['SPOOL_DIR', '/var/spool/shop', 'spool.directory', '/var/spool/shop'],
  ['SPOOL_NAME', 'till', 'spool.name', 'till', { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_SIZE', '64mb', 'spool.maxDiskBytes', 67_108_864, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_MIN_FREE', '0', 'spool.minFreeBytes', 0, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_SEGMENT_SIZE', '1m', 'spool.segmentBytes', 1_048_576, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_SEGMENT_AGE', '5s', 'spool.segmentMillis', 5_000, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_FSYNC', 'Batch', 'spool.fsync', 'batch', { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_COMPRESS', 'yes', 'spool.compress', true, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['SPOOL_DEAD_SIZE', '1m', 'spool.maxDeadLetterBytes', 1_048_576, { LOGFERRY_SPOOL_DIR: '/x' }],
  ['BATCH_RECORDS', '7', 'batch.maxRecords', 7],
  ['BATCH_SIZE', '2k', 'batch.maxBytes', 2_048],
  ['BATCH_DELAY', '250ms', 'batch.maxDelayMillis', 250],
  ['TIMEOUT', '3s', 'http.timeoutMillis', 3_000],
  ['CONNECT_TIMEOUT', '100', 'http.connectTimeoutMillis', 100],
  ['CONCURRENCY', '2', 'http.maxConcurrency', 2],
  ['ALLOW_INSECURE', 'on', 'http.allowInsecure', true],
  ['MAX_RETRY_AFTER', '1m', 'retry.maxRetryAfterMillis', 60_000],
  ['BREAKER_FAILURES', '2', 'circuitBreaker.failureThreshold', 2],
  ['BREAKER_CONNECT_FAILURES', '9', 'circuitBreaker.connectFailureThreshold', 9],
  ['BREAKER_PAUSE', '2s', 'circuitBreaker.initialDelayMillis', 2_000],
  ['BREAKER_MAX_PAUSE', '5m', 'circuitBreaker.maxDelayMillis', 300_000],
  ['BREAKER_HOLD', '10s', 'circuitBreaker.holdMillis', 10_000],
  ['SHUTDOWN_TIMEOUT', '1s', 'timeouts.shutdownMillis', 1_000],
];
const CASES = DELIVERY.map(([suffix, text, path, value, more = {}]) => ({ suffix, text, path, value, more }));
/** Read by levels, which have tests of their own. */
const LEVELS = ['LEVEL', 'LEVELS'];

describe('delivery', () => {
  it.each(CASES)('LOGFERRY_$suffix=$text sets $path for all', ({ suffix, text, path, value, more }) => {
    expect(at(deliveryOf('logtide', {}), path)).not.toEqual(value);
    for (const name of NAMES) {
      expect(at(deliveryOf(name, { ...more, [`LOGFERRY_${suffix}`]: text }), path), name).toEqual(value);
    }
  });

  it.each(CASES)('LOGFERRY_<PLATFORM>_$suffix=$text sets $path for one', ({ suffix, text, path, value, more }) => {
    for (const name of NAMES) {
      const env = { ...more, [`LOGFERRY_${name.toUpperCase()}_${suffix}`]: text };
      expect(at(deliveryOf(name, env), path), name).toEqual(value);
      // The others stay as they are.
      const other = NAMES.find((one) => one !== name) as string;
      expect(at(made.get(other) as object, path), other).not.toEqual(value);
    }
  });

  it('its variables are these, for all and for each platform', () => {
    const suffixes = [...DELIVERY.map(([suffix]) => suffix), ...LEVELS];
    const namesOf = (platform?: PlatformName) =>
      variablesOf('delivery', platform)
        .map(({ name }) => name)
        .toSorted();
    expect(namesOf()).toEqual(suffixes.map((suffix) => `LOGFERRY_${suffix}`).toSorted());
    for (const name of NAMES) {
      const own = suffixes.map((suffix) => `LOGFERRY_${name.toUpperCase()}_${suffix}`);
      const older = name === 'redarch' ? ['RARCH_LOGGING_DEFAULT_LEVEL'] : [];
      expect(namesOf(name)).toEqual([...own, ...older].toSorted());
    }
  });

  it('what is read is what deliverySettings() takes: the least that is allowed, and no less', () => {
    for (const variable of variablesOf('delivery')) {
      const { kind, option, least } = variable;
      if (least === undefined) continue;
      const needed = {
        ...(option.startsWith('spool.') && { 'spool.directory': '/x' }),
        ...(option.startsWith('redact.hash.') && { 'redact.hash.key': '0123456789abcdef', 'redact.hash.fields': [] }),
      };
      const settings = (value: number) => deliverySettings(grouped({ ...needed, [option]: value }));
      expect(parseValue(kind, String(least), variable), option).toEqual({ value: least });
      expect(() => settings(least), option).not.toThrow();
      if (least === 0) continue;
      expect(parseValue(kind, String(least - 1), variable), option).not.toHaveProperty('value');
      expect(() => settings(least - 1), option).toThrow(RangeError);
    }
  });

  it('a spool takes a directory; without one the rest of it waits', () => {
    expect(deliveryOf('logtide', { LOGFERRY_SPOOL_SIZE: '1m' }).spool).toBeUndefined();
    expect(deliveryOf('logtide', { LOGFERRY_TRAKERR_SPOOL_DIR: '/x' }).spool).toBeUndefined();
    expect((made.get('trakerr') as DeliveryOptions).spool).toMatchObject({
      directory: '/x',
      maxDiskBytes: 268_435_456,
    });
  });

  it('every option of delivery is in the table, or is for code only', () => {
    const rows = DELIVERY_ROWS.flatMap(([group, , options]) =>
      Object.entries(options).map(([option, row]) => [group + option, row === CODE_ONLY] as const),
    );
    expect(
      rows
        .filter(([, forCode]) => forCode)
        .map(([path]) => path)
        .toSorted(),
    ).toEqual([
      ...['beforeSend', 'meterProvider', 'onDeadLetter', 'onDrop', 'redact.customPatterns', 'spool.required'],
      ...['timeouts.exitMillis', 'timeouts.flushMillis'],
    ]);
  });
});

describe('who wins', () => {
  /** LogTide's and RedArch's options with the given variables and configuration, on top of what the caller says. */
  function configured(env: Env, config?: Config): void {
    const { problems } = readEnvironment({
      env: { ...COMPLETE, ...env, ...(config && { LOGFERRY_CONFIG: 'x' }) },
      readFile: () => '',
      delivery: { batch: { maxRecords: 50, maxDelayMillis: 1_000 } },
      loadConfig: () => ({ config }),
    });
    expect(problems).toEqual([]);
  }

  it.each<[number, Env, Config?]>([
    [50, {}],
    [40, { LOGFERRY_BATCH_RECORDS: '40' }],
    [30, { LOGFERRY_BATCH_RECORDS: '40', LOGFERRY_LOGTIDE_BATCH_RECORDS: '30' }],
    [20, { LOGFERRY_LOGTIDE_BATCH_RECORDS: '30' }, { delivery: { batch: { maxRecords: 20 } } }],
    [
      10,
      { LOGFERRY_LOGTIDE_BATCH_RECORDS: '30' },
      {
        delivery: { batch: { maxRecords: 20 } },
        destinations: { logtide: { delivery: { batch: { maxRecords: 10 } } } },
      },
    ],
  ])('%i records a request with %j and %j', (maxRecords, env, config) => {
    configured(env, config);
    // What stands beside it in the group stays.
    expect(made.get('logtide')).toMatchObject({ batch: { maxRecords, maxDelayMillis: 1_000 } });
  });

  it.each<[string, Env, Config?]>([
    ['older', { RARCH_LOGGING_SERVICE: 'older' }],
    ['ours', { RARCH_LOGGING_SERVICE: 'older', LOGFERRY_REDARCH_SERVICE: 'ours' }],
    ['code', { LOGFERRY_REDARCH_SERVICE: 'ours' }, { destinations: { redarch: { service: 'code' } } }],
  ])('service %s with %j and %j', (service, env, config) => {
    configured(env, config);
    expect(given.get('redarch')).toMatchObject({ service });
  });
});

/** Platform, option, text and value of every option of a factory that a variable sets. */
const FACTORY: Readonly<Record<PlatformName, readonly (readonly [string, string, unknown])[]>> = {
  odysseus: [
    ['ROUTE', 'BOTH', { route: 'both' }],
    ['EXCEPTION_EVENTS', 'route', { exceptionEvents: 'route' }],
    ['SESSION', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', { session: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' }],
    ['SESSION_FROM_INSTANCE', 'true', { sessionFromInstance: true }],
    ['UUID_FORMAT', 'dashed', { uuidFormat: 'dashed' }],
    ['PLATFORM', '-7', { platform: -7 }],
    ['USER', 'Ada', { user: 'Ada' }],
    ['STRIP_FILE_NAME', '/srv/App/', { stripFileName: '/srv/App/' }],
    ['STRIP_FILE_NAME', 'false', { stripFileName: false }],
    ['CALLER_FROM_EXCEPTION', '1', { callerFromException: true }],
    ['OUTCOME_SUCCESS', 'on', { outcomeSuccess: true }],
    ['EVENT_TYPE', '12', { eventType: 12 }],
    ['STREAM', 'trace-elapsed', { stream: 'trace-elapsed' }],
    ['RESOURCE_KEYS', 'host.name, Own.Key', { resourceKeys: ['host.name', 'Own.Key'] }],
    ['RECORD_UID', 'yes', { recordUid: true }],
  ],
  logtide: [
    ['SERVICE', 'Till', { service: 'Till' }],
    ['METADATA', 'team=check%20out,Region=eu', { metadata: { team: 'check out', Region: 'eu' } }],
    ['IDENTIFIER_ALIASES', 'true', { identifierAliases: true }],
  ],
  redarch: [
    ['SERVICE', 'Till', { service: 'Till' }],
    ['SERVICE_NAMESPACE', 'true', { serviceNamespace: true }],
    ['USER_ID', 'u-1', { userId: 'u-1' }],
    ['TENANT_ID', 't-1', { tenantId: 't-1' }],
    ['REQUEST_ID', 'trace-id-dashed', { requestId: 'trace-id-dashed' }],
    ['LEVEL_NAMES', 'Stdlib', { levelNames: 'stdlib' }],
    ['TIMESTAMP_ZONE', 'z', { timestampZone: 'Z' }],
    ['APPEND_STACK', 'true', { appendStack: true }],
    ['ATTRIBUTE_KEYS', 'nested', { attributeKeys: 'nested' }],
    ['RESOURCE_KEYS', 'host.name', { resourceKeys: ['host.name'] }],
    ['RECORD_ID', 'false', { recordId: false }],
  ],
  loggier: [
    ['TAGS', 'Blue, green', { tags: ['Blue', 'green'] }],
    ['ENVIRONMENT', 'prod', { environment: 'prod' }],
    ['SERVICE_NAME', 'till', { serviceName: 'till' }],
    ['CONTEXT', 'team=checkout', { context: { team: 'checkout' } }],
    ['MESSAGE_LIMIT', '2048', { messageLimit: 2_048 }],
    ['INCLUDE_IP', 'true', { includeIp: true }],
    ['DELIVERY_ID', 'off', { deliveryId: false }],
  ],
  trakerr: [
    ['APP_VERSION', '2.1', { appVersion: '2.1' }],
    ['DEPLOYMENT_STAGE', 'staging', { deploymentStage: 'staging' }],
    ['SKU', 'pro', { sku: 'pro' }],
    ['DEVICE', 'till-7', { device: 'till-7' }],
    ['DATA_CENTER', 'fra1', { dataCenter: 'fra1' }],
    ['DATA_CENTER_REGION', 'eu', { dataCenterRegion: 'eu' }],
    ['ENV_NAME', 'Node', { envName: 'Node' }],
    ['ENV_VERSION', '20', { envVersion: '20' }],
    ['HOSTNAME', 'web-1', { hostname: 'web-1' }],
    ['OS', 'Linux', { os: 'Linux' }],
    ['OS_VERSION', '6', { osVersion: '6' }],
    ['BROWSER', 'none', { browser: 'none' }],
    ['BROWSER_VERSION', '0', { browserVersion: '0' }],
    ['CLASSIFICATION', 'issue', { classification: 'issue' }],
    ['USER', 'ada', { user: 'ada' }],
    ['SESSION', 's-1', { session: 's-1' }],
    ['TAGS', 'a,b', { tags: ['a', 'b'] }],
    [
      ...['CUSTOM_PROPERTIES', 'order.id=1, order.total=d1'],
      { customProperties: { stringData: { 'order.id': 1 }, doubleData: { 'order.total': 1 } } },
    ] as [string, string, unknown],
    ['CUSTOM_SEGMENTS', 'plan=10', { customSegments: { stringData: { plan: 10 }, doubleData: {} } }],
    ['UNMAPPED_SLOT', '3', { unmappedSlot: 3 }],
    ['UNMAPPED_SLOT', 'off', { unmappedSlot: false }],
    ['MAX_UNMAPPED_BYTES', '1k', { maxUnmappedBytes: 1_024 }],
    ['CORRELATE_SPANS', 'true', { correlateSpans: true }],
    ['SYSTEM_LOAD', 'false', { systemLoad: false }],
    ['STRIP_WORKING_DIRECTORY', 'true', { stripWorkingDirectory: true }],
    ['LINE_COLUMN', 'true', { lineColumn: true }],
  ],
};

describe.each(NAMES)('%s', (platform) => {
  const prefix = `LOGFERRY_${platform.toUpperCase()}_`;

  it.each(FACTORY[platform])(`${prefix}%s=%s sets %j, and the factory takes it`, (suffix, text, options) => {
    const { names } = read({ ...COMPLETE });
    expect(names).toContain(platform);
    expect(given.get(platform)).not.toMatchObject(options as object);
    const env = { ...COMPLETE, [prefix + suffix]: text };
    expect(read(env)).toMatchObject({ problems: [], names });
    expect(given.get(platform)).toMatchObject(options as object);
  });

  it('has a test for every variable of its factory', () => {
    const names = variablesOf('factory', platform).filter(({ topic, yields }) => topic === 'Platforms' && !yields);
    const tested = new Set(FACTORY[platform].map(([suffix]) => prefix + suffix));
    expect(names.map(({ name }) => name).toSorted()).toEqual([...tested].toSorted());
  });
});

it('only functions have no variable among the options of platforms', () => {
  const forCode = { ODYSSEUS, LOGTIDE, REDARCH, LOGGIER, TRAKERR };
  const missing = Object.values(forCode).flatMap((rows) =>
    Object.entries(rows).flatMap(([option, row]) => (row === CODE_ONLY ? [option] : [])),
  );
  expect(missing.toSorted()).toEqual(['getUser', 'severity']);
});

describe('general', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['LOGFERRY_FLUSH_TIMEOUT', '9s', { flushMillis: 9_000 }],
    ['LOGFERRY_QUIET', 'yes', { quiet: true }],
    ['LOGFERRY_STRICT', '1', { strict: true }],
    ['LOGFERRY_QUEUE_SIZE', '1mb', { queueBytes: 1_048_576 }],
    ['LOGFERRY_LEVEL_SIGNAL', 'sigusr2', { levelControl: { signal: 'SIGUSR2' } }],
    ['LOGFERRY_LEVELS_FILE', '/levels', { levelControl: { file: { path: '/levels', text: 'a=warn' } } }],
    ['LOGFERRY_SPOOL_DIR', '/spool', { spool: { directory: '/spool', maxDiskBytes: 268_435_456 } }],
  ])('%s=%s', (name, text, expected) => {
    expect(read({})).not.toMatchObject(expected);
    expect(read({ [name]: text }, { '/levels': 'a=warn' })).toMatchObject({ ...expected, problems: [] });
  });

  it('LOGFERRY_FLUSH_TIMEOUT bounds forceFlush(), too, if it is set', () => {
    expect(deliveryOf('logtide', {}).timeouts).toBeUndefined();
    expect(deliveryOf('logtide', { LOGFERRY_FLUSH_TIMEOUT: '1s' }).timeouts).toEqual({ flushMillis: 1_000 });
  });

  it('LOGFERRY_GLOBAL_ATTRIBUTES and LOGFERRY_TAGS are added to records', () => {
    const { additions } = read({ LOGFERRY_GLOBAL_ATTRIBUTES: 'team=check%20out', LOGFERRY_TAGS: 'Blue, green' });
    const record = { attributes: {} } as Parameters<NonNullable<typeof additions>['to']>[0];
    expect(additions?.to(record).attributes).toEqual({ team: 'check out', tags: ['Blue', 'green'] });
    expect(read({}).additions).toBeUndefined();
  });
});

describe('the table', () => {
  it('names nothing twice', () => {
    const names = VARIABLES.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('has fallbacks that can be read, descriptions, and words for what is one of several', () => {
    for (const variable of VARIABLES) {
      const { name, kind, fallback, description, words } = variable;
      if (fallback !== undefined) expect(Object.keys(parseValue(kind, fallback, variable)), name).toEqual(['value']);
      expect(description, name).toMatch(/\S/);
      expect(words !== undefined, name).toBe(kind === 'word');
      expect(name).toMatch(/^[A-Z][A-Z0-9_]*[A-Z]$/);
    }
  });
});
