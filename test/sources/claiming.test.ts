import { describe, expect, it } from 'vitest';
import { claiming, type Hooks } from '../../src/sources/claiming.ts';

// Several copies of import-in-the-middle in a chain of module hooks, as Node calls them: the last one first.

type Next = (first: string, context?: object) => unknown;

/** What a copy does: marks the modules it wants, and wraps whatever is marked. */
function copy(name: string, wanted: readonly string[], asynchronous: boolean): Hooks {
  const later = <T>(value: T): T | Promise<T> => (asynchronous ? Promise.resolve(value) : value);
  const then = (value: unknown, use: (value: { url: string }) => unknown): unknown =>
    value instanceof Promise ? value.then(use) : use(value as { url: string });
  return {
    resolve: (specifier, context, next) =>
      then(next(specifier, context), (resolved) =>
        later(wanted.includes(specifier) ? { url: `${resolved.url.replace(/\?.*/, '')}?iitm=true` } : resolved),
      ),
    load: (url, context, next) => later(url.includes('iitm=') ? `wrapped by ${name}` : next(url, context)),
  };
}

async function loaded(specifier: string, hooks: readonly Hooks[]): Promise<unknown> {
  const chain = (name: keyof Hooks, node: Next): Next =>
    hooks.reduce<Next>((next, hook) => (first, context) => hook[name](first, context ?? {}, next), node);
  const resolve = chain('resolve', (first) => ({ url: `file:///node_modules/${first}/index.js` }));
  const load = chain('load', (url) => `source of ${url}`);
  const { url } = (await resolve(specifier)) as { url: string };
  return load(url);
}

describe.each([
  ['synchronous', false],
  ['asynchronous', true],
])('%s hooks', (_, asynchronous) => {
  const http = copy('http', ['http'], asynchronous);
  const pino = copy('pino', ['pino'], asynchronous);

  it('take what they have marked, whoever stands before them', async () => {
    const hooks = [claiming(pino), claiming(http)];
    expect(await loaded('pino', hooks)).toBe('wrapped by pino');
    expect(await loaded('http', hooks)).toBe('wrapped by http');
    expect(await loaded('other', hooks)).toBe('source of file:///node_modules/other/index.js');
    // The reason for all this.
    expect(await loaded('pino', [pino, http])).toBe('wrapped by http');
  });

  it('take a module that the ones behind have marked too, and leave them the rest', async () => {
    const both = copy('others', ['pino', 'express'], asynchronous);
    const hooks = [both, claiming(pino)];
    expect(await loaded('pino', hooks)).toBe('wrapped by pino');
    expect(await loaded('express', hooks)).toBe('wrapped by others');
  });

  it('leave other parts of an address as they are', async () => {
    const marking = copy('others', [], asynchronous);
    const node: Hooks = { ...marking, resolve: () => ({ url: 'file:///a.js?v=1&iitm=true' }) };
    const seen: string[] = [];
    const hooks = claiming({
      ...pino,
      resolve: (_specifier, context, next) => {
        const resolved = next('a', context) as { url: string };
        seen.push(resolved.url);
        return resolved;
      },
    });
    expect(hooks.resolve('a', {}, (first, context) => node.resolve(first, context ?? {}, () => ({})))).toEqual({
      url: 'file:///a.js?v=1&iitm=true',
    });
    expect(seen).toEqual(['file:///a.js?v=1']);
  });
});
