import { describe, expect, it } from 'vitest';
import { readOtelEnvironment } from '../../src/otel-env.ts';

it('nothing set: the defaults of the specification', () => {
  expect(readOtelEnvironment({})).toEqual({
    disabled: false,
    logLevel: undefined,
    logRecordLimits: {},
    delivery: { batch: { maxDelayMillis: 1_000 } },
    warnings: [],
  });
});

describe('OTEL_SDK_DISABLED', () => {
  it.each([
    ['true', true],
    [' TRUE ', true],
    ['1', false],
    ['yes', false],
    ['false', false],
    ['', false],
  ])('"%s": %s', (value, disabled) =>
    expect(readOtelEnvironment({ OTEL_SDK_DISABLED: value }).disabled).toBe(disabled),
  );
});

it('OTEL_BLRP_* become delivery options', () => {
  const { delivery, warnings } = readOtelEnvironment({
    OTEL_BLRP_SCHEDULE_DELAY: '250',
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: ' 64 ',
    OTEL_BLRP_EXPORT_TIMEOUT: '1000',
    OTEL_BLRP_MAX_QUEUE_SIZE: '7',
  });
  expect(delivery).toEqual({ batch: { maxDelayMillis: 250, maxRecords: 64 }, http: { timeoutMillis: 1_000 } });
  expect(warnings).toEqual([]);
});

describe('numbers that are none', () => {
  it.each([
    ['OTEL_BLRP_SCHEDULE_DELAY', 'soon', 0],
    ['OTEL_BLRP_SCHEDULE_DELAY', '-1', 0],
    ['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', '0', 1],
    ['OTEL_BLRP_EXPORT_TIMEOUT', '1.5', 1],
    ['OTEL_BLRP_EXPORT_TIMEOUT', 'Infinity', 1],
    ['OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', 'x', 0],
    ['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'x', 0],
  ])('%s=%s: one warning, and the default', (name, value, least) => {
    const environment = readOtelEnvironment({ [name]: value });
    expect(environment.warnings).toEqual([
      `LF010 ${name} is not a whole number of at least ${least}: the default is used`,
    ]);
    expect(environment).toMatchObject({ logRecordLimits: {}, delivery: { batch: { maxDelayMillis: 1_000 } } });
  });
});

it('limits of log records fall back to those of all attributes', () => {
  const general = { OTEL_ATTRIBUTE_COUNT_LIMIT: '5', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '50' };
  expect(readOtelEnvironment(general).logRecordLimits).toEqual({
    attributeCountLimit: 5,
    attributeValueLengthLimit: 50,
  });
  const own = { OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '0', OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '9' };
  expect(readOtelEnvironment({ ...general, ...own }).logRecordLimits).toEqual({
    attributeCountLimit: 0,
    attributeValueLengthLimit: 9,
  });
});

it('OTEL_LOG_LEVEL: unknown names are told', () => {
  expect(readOtelEnvironment({ OTEL_LOG_LEVEL: 'Debug' }).warnings).toEqual([]);
  expect(readOtelEnvironment({ OTEL_LOG_LEVEL: ' ' }).warnings).toEqual([]);
  expect(readOtelEnvironment({ OTEL_LOG_LEVEL: 'loud' }).warnings).toEqual([
    'LF010 OTEL_LOG_LEVEL is none of ALL, VERBOSE, DEBUG, INFO, WARN, ERROR, NONE: WARN is used',
  ]);
});

it('OTEL_RESOURCE_ATTRIBUTES: malformed parts are told, without their content', () => {
  const { warnings } = readOtelEnvironment({ OTEL_RESOURCE_ATTRIBUTES: 'a=1,secret,b=%E0%A4%A,=x,c=2' });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^LF010 OTEL_RESOURCE_ATTRIBUTES has 3 of its parts not in the form/);
  expect(warnings[0]).not.toContain('secret');
});
