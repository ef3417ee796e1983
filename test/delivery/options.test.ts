import { afterEach, describe, expect, it } from 'vitest';
import { CIRCUIT_BREAKER_DEFAULTS } from '../../src/delivery/circuit-breaker.ts';
import type { DeliveryOptions } from '../../src/options.ts';
import { DELIVERY_DEFAULTS, deliverySettings } from '../../src/options.ts';

/** Any value at `group.name` or `name`, as JavaScript callers may write it. */
function optionsWith(path: string, value: unknown): DeliveryOptions {
  const [outer, inner] = path.split('.') as [string, string | undefined];
  return { [outer]: inner === undefined ? value : { [inner]: value } } as DeliveryOptions;
}

function thrownBy(make: () => unknown): Error {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const WHOLE = [
  'minimumSeverity',
  'queue.maxBytes',
  'batch.maxRecords',
  'batch.maxBytes',
  'http.connectTimeoutMillis',
  'http.maxConcurrency',
];
const REAL = [
  'batch.maxDelayMillis',
  'http.timeoutMillis',
  'retry.maxRetryAfterMillis',
  'timeouts.flushMillis',
  'timeouts.shutdownMillis',
  ...Object.keys(CIRCUIT_BREAKER_DEFAULTS).map((name) => `circuitBreaker.${name}`),
];
const GROUPS = ['queue', 'batch', 'http', 'retry', 'circuitBreaker', 'timeouts'];

describe('deliverySettings (fault matrix rows 73, 74)', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('fills in the defaults', () => {
    const settings = deliverySettings();
    expect(settings).toMatchObject({ ...DELIVERY_DEFAULTS, circuitBreaker: CIRCUIT_BREAKER_DEFAULTS });
    expect(settings).toMatchObject({ minimumSeverity: 0, allowInsecure: false });
    expect(deliverySettings({})).toEqual(settings);
  });

  it('takes undefined as the default everywhere', () => {
    for (const path of [...WHOLE, ...REAL, ...GROUPS, 'http.allowInsecure', 'meterProvider', 'onDeadLetter']) {
      expect(deliverySettings(optionsWith(path, undefined))).toEqual(deliverySettings());
    }
  });

  it.each([...WHOLE, ...REAL])('%s refuses what is no number, naming the option', (path) => {
    for (const value of [Number.NaN, '5', null, {}, [], true, 5n, () => 5]) {
      const error = thrownBy(() => deliverySettings(optionsWith(path, value)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(path);
      expect(error.message).toContain(Number.isNaN(value) ? 'NaN' : typeof value);
    }
  });

  it.each([...WHOLE, ...REAL])('%s refuses negative numbers, naming option and value', (path) => {
    for (const value of [-1, -0.5, Number.NEGATIVE_INFINITY]) {
      const error = thrownBy(() => deliverySettings(optionsWith(path, value)));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(path);
      expect(error.message).toContain(String(value));
    }
  });

  it.each(WHOLE)('%s refuses fractions and Infinity', (path) => {
    for (const value of [5_000.5, Number.POSITIVE_INFINITY]) {
      expect(() => deliverySettings(optionsWith(path, value))).toThrow(RangeError);
    }
  });

  it.each(REAL)('%s takes fractions and Infinity', (path) => {
    for (const value of [5_000.5, Number.POSITIVE_INFINITY]) deliverySettings(optionsWith(path, value));
  });

  it.each([
    ['queue.maxBytes', 1_023],
    ['batch.maxBytes', 1_023],
    ['batch.maxRecords', 0],
    ['http.maxConcurrency', 0],
    ['http.timeoutMillis', 0],
    ['circuitBreaker.failureThreshold', 0],
    ['minimumSeverity', 25],
  ])('%s refuses %d', (path, value) => {
    expect(() => deliverySettings(optionsWith(path, value))).toThrow(new RegExp(`${path}.*${value}`));
  });

  it.each(['queueBytes', 'timeoutMillis', 'Queue', ''])('refuses the unknown option %j and lists the known', (name) => {
    const error = thrownBy(() => deliverySettings({ [name]: {} } as DeliveryOptions));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`unknown option ${name};`);
    for (const known of GROUPS) expect(error.message).toContain(known);
  });

  it.each(GROUPS)('refuses unknown options in %s', (name) => {
    const error = thrownBy(() => deliverySettings({ [name]: { maxByte: 1 } } as DeliveryOptions));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`unknown option ${name}.maxByte;`);
  });

  it.each(GROUPS)('refuses %s that is no object', (name) => {
    for (const value of [5, 'text', true, []]) {
      const error = thrownBy(() => deliverySettings({ [name]: value } as DeliveryOptions));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(name);
    }
  });

  it('refuses __proto__ as an option and pollutes nothing', () => {
    const outer = JSON.parse('{"__proto__":{"polluted":true}}') as DeliveryOptions;
    const inner = JSON.parse('{"queue":{"__proto__":{"polluted":true}}}') as DeliveryOptions;
    expect(() => deliverySettings(outer)).toThrow('unknown option __proto__');
    expect(() => deliverySettings(inner)).toThrow('unknown option queue.__proto__');
  });

  it.each([null, 5, 'text'])('refuses %j in place of the options', (value) => {
    expect(() => deliverySettings(value as unknown as DeliveryOptions)).toThrow(TypeError);
  });

  it.each([
    ['onDeadLetter', 'text'],
    ['onDeadLetter', {}],
    ['meterProvider', 'text'],
    ['meterProvider', {}],
    ['meterProvider', null],
    ['http.allowInsecure', 'true'],
    ['http.allowInsecure', 1],
  ])('%s refuses %j', (path, value) => {
    const error = thrownBy(() => deliverySettings(optionsWith(path, value)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(path);
  });
});
