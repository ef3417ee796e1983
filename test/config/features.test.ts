import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { withHashKey } from '../../src/env/delivery.ts';
import { readEnvironment } from '../../src/env/environment.ts';
import type { Features } from '../../src/env/features.ts';
import type { Env } from '../register/read-env.ts';

function read(env: Env, config?: Config) {
  return readEnvironment({
    env: { ...env, ...(config && { LOGFERRY_CONFIG: 'x' }) },
    readFile: () => '',
    delivery: {},
    loadConfig: () => ({ config }),
  });
}

function features(env: Env, config?: Config): Features {
  const environment = read(env, config);
  expect(environment.problems).toEqual([]);
  return environment.features;
}

const NOTHING: Features = { context: {}, captureUncaught: true, slow: undefined, http: undefined };

describe('what register adds and logs', () => {
  it.each<[Env, Partial<Features>]>([
    [{}, {}],
    [{ LOGFERRY_AUTO_TRACE_ID: 'true' }, { context: { autoTraceId: true } }],
    [{ LOGFERRY_BAGGAGE_KEYS: 'tenant.Id, user' }, { context: { baggageKeys: ['tenant.Id', 'user'] } }],
    [{ LOGFERRY_CODE: 'on' }, { context: { callSite: {} } }],
    [
      {
        LOGFERRY_CODE: '1',
        LOGFERRY_CODE_LEVEL: 'warn',
        LOGFERRY_CODE_SKIP_FRAMES: '2',
        LOGFERRY_CODE_STRIP_PREFIX: '/a',
      },
      { context: { callSite: { level: 13, skipFrames: 2, stripPrefix: '/a' } } },
    ],
    [{ LOGFERRY_CODE_LEVEL: 'warn' }, {}],
    [{ LOGFERRY_CAPTURE_UNCAUGHT: 'off' }, { captureUncaught: false }],
    [
      { LOGFERRY_SLOW: 'http.server>1s,db:failed' },
      {
        slow: [
          { kind: 'http.server', thresholdMillis: 1_000 },
          { kind: 'db', when: 'failed' },
        ],
      },
    ],
    [{ LOGFERRY_HTTP_LOG: 'off', LOGFERRY_HTTP_SLOW: '1s' }, {}],
    [{ LOGFERRY_HTTP_LOG: 'All' }, { http: { log: 'all' } }],
    [
      { LOGFERRY_HTTP_STATUSES: '4xx,500', LOGFERRY_HTTP_SLOW: '1s', LOGFERRY_HTTP_SKIP: '/metrics,/Health*' },
      { http: { statuses: ['4xx', '500'], slowMillis: 1_000, skipPaths: ['/metrics', '/Health*'] } },
    ],
  ])('%j', (env, expected) => {
    expect(features(env)).toEqual({ ...NOTHING, ...expected });
  });

  it('code wins, option by option', () => {
    const env = {
      ...{ LOGFERRY_AUTO_TRACE_ID: 'true', LOGFERRY_CODE: 'true', LOGFERRY_SLOW: 'db>1s' },
      ...{ LOGFERRY_HTTP_LOG: 'all', LOGFERRY_HTTP_SLOW: '1s', LOGFERRY_CAPTURE_UNCAUGHT: 'false' },
    };
    const config: Config = {
      context: { callSite: false },
      slow: 'any>5s',
      http: { log: 'errors' },
      captureUncaught: true,
    };
    expect(features(env, config)).toEqual({
      context: { autoTraceId: true, callSite: false },
      captureUncaught: true,
      slow: 'any>5s',
      http: { log: 'errors', slowMillis: 1_000 },
    });
  });

  it.each<[Env, string, RegExp]>([
    [{ LOGFERRY_SLOW: 'htpp.server>1s' }, 'LF004', /http\.server/],
    [{ LOGFERRY_HTTP_LOG: 'some' }, 'LF004', /off, errors, responses or all/],
    [{ LOGFERRY_HTTP_STATUSES: '4xx,oops' }, 'LF004', /500, 4xx or 400-499/],
    [{ LOGFERRY_HTTP_SLOW: 'soon' }, 'LF004', /a duration/],
    [{ LOGFERRY_SAMPLE: 'debug=2' }, 'LF004', /shares from 0 to 1/],
    [{ LOGFERRY_BURST: 'many' }, 'LF004', /1000\/s/],
    [{ LOGFERRY_REPEATS: 'often' }, 'LF004', /a duration such as 10s/],
    [{ LOGFERRY_BREADCRUMBS: 'some' }, 'LF004', /a number of records/],
    [{ LOGFERRY_REDACT_FIELDS: 'ssn,**' }, 'LF004', /names of fields/],
    [{ LOGFERRY_REDACT_CENSOR: '"' }, 'LF004', /64 characters/],
    [{ LOGFERRY_HASH_KEY: 'too short' }, 'LF004', /at least 16 characters/],
    [{ LOGFERRY_REDACT_PATTERNS: 'card,wallet' }, 'LF004', /default, pairs, bearer/],
  ])('%j is reported with what would do', (env, code, fix) => {
    const { problems } = read(env);
    expect(problems).toEqual([expect.objectContaining({ code, where: Object.keys(env)[0] })]);
    expect(problems[0]?.fix).toMatch(fix);
  });

  it('masks what it cannot hash', () => {
    const redact = { fields: ['ssn'], hash: { fields: ['user.id'] } };
    expect(withHashKey({ redact } as never)).toEqual({
      options: { redact: { fields: ['ssn', 'user.id'] } },
      keyless: true,
    });
  });

  it('fields to be hashed without a key are masked, and that is told once', () => {
    const credentials = { LOGTIDE_DSN: `https://lp_${'0'.repeat(64)}@logs.example.com`, TRAKERR_API_KEY: 'k' };
    const { problems, destinations } = read({ ...credentials, LOGFERRY_HASH_FIELDS: 'user.id' });
    expect(destinations).toHaveLength(2);
    expect(problems).toEqual([expect.objectContaining({ code: 'LF017', where: 'LOGFERRY_HASH_KEY' })]);
    const keyed = read({ ...credentials, LOGFERRY_HASH_FIELDS: 'user.id', LOGFERRY_HASH_KEY: '0123456789abcdef' });
    expect([keyed.problems, keyed.destinations.length]).toEqual([[], 2]);
  });

  it.each<[Config, string]>([
    [{ slow: 'dbb>1s' }, 'slow'],
    [{ http: { log: 'some' } as never }, 'http'],
    [{ context: { baggageKeys: 'a' } as never }, 'context'],
    [{ captureUncaught: 'yes' } as never, 'captureUncaught'],
  ])('%j in code is reported and left out', (config, option) => {
    const { problems, features: read1 } = read({}, config);
    expect(problems).toEqual([expect.objectContaining({ code: 'LF015', what: expect.stringContaining(option) })]);
    expect(read1).toEqual(NOTHING);
  });
});
