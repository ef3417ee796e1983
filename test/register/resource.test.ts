import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseResourceAttributes, resourceAttributes, resourceOf } from '../../src/resource.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'logferry-resource-'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('package.json', '{"name": "@acme/shop", "version": "4.5.6"}');
  write('dist/package.json', '{"type": "commonjs"}');
  write('dist/main.js', '');
  write('broken/package.json', '{');
  write('null/package.json', 'null');
  write('nameless/package.json', '{"name": "", "version": "9"}');
  write('numeric/package.json', '{"name": 7}');
  write('inner/package.json', '{"name": "inner"}');
  write('inner/main.js', '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('OTEL_RESOURCE_ATTRIBUTES', () => {
  it.each<[string | undefined, Record<string, string>, number]>([
    [undefined, {}, 0],
    ['', {}, 0],
    ['a=1,b=2', { a: '1', b: '2' }, 0],
    [' a = 1 , b=x y,', { a: '1', b: 'x y' }, 0],
    ['a=b=c', { a: 'b=c' }, 0],
    ['a=', { a: '' }, 0],
    ['a%20b=%C3%BC%2C%3D', { 'a b': 'ü,=' }, 0],
    ['a=1,a=2', { a: '2' }, 0],
    ['a,=b,c=%zz,d=1', { d: '1' }, 3],
    ['__proto__=1,a=1', { a: '1' }, 0],
  ])('%j', (text, attributes, malformed) => {
    expect(parseResourceAttributes(text)).toEqual({ attributes, malformed });
  });

  it('gives back whatever was percent-encoded', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => text !== '__proto__' && text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(part, part), (attributes) => {
        const text = Object.entries(attributes)
          .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
          .join(',');
        expect(parseResourceAttributes(text)).toEqual({ attributes: { ...attributes }, malformed: 0 });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseResourceAttributes(text)));
  });
});

describe('service.name and service.version', () => {
  const of = (env: Record<string, string>, script?: string) => {
    const attributes = resourceAttributes(env, script);
    return [attributes['service.name'], attributes['service.version']];
  };

  it.each([
    ['beside the script', 'main.js', '@acme/shop', '4.5.6'],
    ['a directory as script', '', '@acme/shop', '4.5.6'],
    ['a build folder with a nameless package.json', 'dist/main.js', '@acme/shop', '4.5.6'],
    ['an unreadable package.json on the way', 'broken/main.js', '@acme/shop', '4.5.6'],
    ['one that is no object', 'null/main.js', '@acme/shop', '4.5.6'],
    ['one with an empty name', 'nameless/main.js', '@acme/shop', '4.5.6'],
    ['one with a name that is no text', 'numeric/main.js', '@acme/shop', '4.5.6'],
    ['the nearest one wins', 'inner/main.js', 'inner', undefined],
  ])('%s', (_, script, name, version) => expect(of({}, join(root, script))).toEqual([name, version]));

  it('OTEL_SERVICE_NAME, then OTEL_RESOURCE_ATTRIBUTES, then package.json', () => {
    const script = join(root, 'main.js');
    const attributes = 'service.name=attributes,service.version=1';
    expect(of({ OTEL_SERVICE_NAME: 'name', OTEL_RESOURCE_ATTRIBUTES: attributes }, script)).toEqual(['name', '1']);
    expect(of({ OTEL_SERVICE_NAME: ' ', OTEL_RESOURCE_ATTRIBUTES: attributes }, script)).toEqual(['attributes', '1']);
    expect(of({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=' }, script)).toEqual(['@acme/shop', '4.5.6']);
  });

  it('without any: the name that the specification prescribes', () => {
    expect(of({}, '/')[0]).toMatch(/^unknown_service:.+/);
  });
});

describe('the rest', () => {
  it('describes host and runtime, and neither command line nor user', () => {
    const attributes = resourceAttributes({}, undefined);
    expect(attributes).toMatchObject({
      'process.pid': process.pid,
      'process.runtime.version': process.versions.node,
      'telemetry.sdk.language': 'nodejs',
      'telemetry.distro.name': 'logferry',
    });
    const leaky = /^process\.(?:command|command_args|command_line|owner|executable\..*|title)$/;
    expect(Object.keys(attributes).filter((key) => leaky.test(key))).toEqual([]);
    expect(resourceAttributes({}, undefined)['service.instance.id']).not.toBe(attributes['service.instance.id']);
  });

  it('gives way to OTEL_RESOURCE_ATTRIBUTES', () => {
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'host.name=elsewhere,team=till' };
    expect(resourceAttributes(env, undefined)).toMatchObject({ 'host.name': 'elsewhere', team: 'till' });
  });

  it('is a resource as the SDK wants it: settled, and mergeable', () => {
    const resource = resourceOf({ a: 1, b: 'x' });
    expect(resource.asyncAttributesPending).toBeFalsy();
    expect(resource.getRawAttributes()).toEqual([
      ['a', 1],
      ['b', 'x'],
    ]);
    expect(resource.merge(resourceOf({ b: 'y' })).attributes).toEqual({ a: 1, b: 'y' });
    expect(resource.merge(null).attributes).toEqual({ a: 1, b: 'x' });
  });
});
