import { describe, expect, it } from 'vitest';
import type { Ended } from '../register/installed.ts';
import { EVERYTHING, Shop, START_LINE } from './shop.ts';

// Applications with an OpenTelemetry SDK of their own, before and after logferry: they keep what they have without us,
// and the platforms get everything once.

const shop = new Shop(EVERYTHING);
const HTTP_SPAN = 'span @opentelemetry/instrumentation-http hooked';
const EVERYONE = ['from bunyan', 'from pino', 'from the API', 'from winston'];

function theirs({ stdout }: Ended): readonly string[] {
  return (stdout.match(/^theirs: .*$/gm) ?? []).map((line) => line.slice('theirs: '.length)).sort();
}

function lines({ stderr }: Ended): readonly string[] {
  return [...stderr.matchAll(/^logferry (LF\d+|\d)/gm)].map(([, code]) => code ?? '');
}

function traces(): ReadonlySet<string | undefined> {
  return new Set(shop.records().map(({ trace_id }) => trace_id));
}

describe.each(['sdk-app.cjs', 'sdk-app.mjs'])('started after logferry, in %s', (app) => {
  it('it gets what it gets alone, with its own hooks; the platforms get everything once', async () => {
    const ended = await shop.installed.run(app, { env: shop.env() });
    expect(ended.code).toBe(0);
    expect(theirs(ended)).toEqual(
      ['log from an early logger', 'log from pino', 'log from the API', 'span early', HTTP_SPAN].sort(),
    );
    expect(shop.messages()).toEqual(['from an early logger', ...EVERYONE]);
    expect(lines(ended)).toEqual(['0', 'LF025']);
    expect(ended.stderr.split('\n')).toHaveLength(3);
    // Two traces: the request, and the early span; every record is in one of them.
    expect(traces().size).toBe(2);
    expect(traces()).not.toContain(undefined);
    // Theirs says nothing of a service; ours knows it.
    expect(new Set(shop.records().map(({ service }) => service))).toEqual(new Set(['shop']));
  });

  it.each<[string, string, readonly string[]]>([
    ['only traces', 'traces,http', ['span early', HTTP_SPAN]],
    ['only logs', 'logs,pino', ['log from an early logger', 'log from pino', 'log from the API']],
    ['only a tracer provider', 'traces', ['span early']],
  ])('%s', async (_, PARTS, expected) => {
    const ended = await shop.installed.run(app, { env: shop.env({ PARTS }) });
    expect(theirs(ended)).toEqual([...expected].sort());
    expect(shop.messages()).toEqual(['from an early logger', ...EVERYONE]);
    expect(lines(ended)).toEqual(['0', 'LF025']);
  });

  it('a logger provider of another make gets what is logged through the API, and so do we', async () => {
    const ended = await shop.installed.run(app, { env: shop.env({ PARTS: 'strange' }) });
    expect(theirs(ended)).toEqual(['log from an early logger', 'log from the API']);
    expect(shop.messages()).toEqual(['from an early logger', ...EVERYONE]);
  });

  it('nothing is said with LOGFERRY_QUIET', async () => {
    const { stderr } = await shop.installed.run(app, { env: shop.env({ LOGFERRY_QUIET: 'true' }) });
    expect(stderr).toBe('');
  });
});

describe.each(['server.cjs', 'server.mjs'])('started before logferry, then %s', (app) => {
  const flags = ['--import', './sdk.cjs', '--import', 'logferry/register'];

  it('it gets what it gets alone, and the platforms get everything once', async () => {
    const ended = await shop.installed.run(app, { flags, env: shop.env() });
    expect(ended.code).toBe(0);
    expect(theirs(ended)).toEqual(['log from pino', 'log from the API', HTTP_SPAN].sort());
    expect(shop.messages()).toEqual(EVERYONE);
    expect(lines(ended)).toEqual(['LF024', '0']);
    expect(traces().size).toBe(1);
    expect(traces()).not.toContain(undefined);
  });

  it('with traces only, its spans are in our records', async () => {
    const ended = await shop.installed.run(app, { flags, env: shop.env({ PARTS: 'traces,http' }) });
    expect(theirs(ended)).toEqual([HTTP_SPAN]);
    expect(shop.messages()).toEqual(EVERYONE);
    expect(lines(ended)).toEqual(['0']);
    expect(traces().size).toBe(1);
    expect(traces()).not.toContain(undefined);
  });

  it('with a context manager only, it stays, and the rest is ours', async () => {
    const ended = await shop.installed.run(app, { flags, env: shop.env({ PARTS: 'context' }) });
    expect(ended.stderr).toMatch(START_LINE);
    expect(shop.messages()).toEqual(EVERYONE);
    expect(traces().size).toBe(1);
    expect(traces()).not.toContain(undefined);
  });

  it('a logger provider of another make is left alone, with what to write', async () => {
    const ended = await shop.installed.run(app, { flags, env: shop.env({ PARTS: 'strange' }) });
    expect(theirs(ended)).toEqual(['log from the API']);
    expect(shop.messages()).toEqual([]);
    expect(lines(ended)).toEqual(['LF008']);
    expect(ended.stderr).toContain('three lines');
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(4);
  });
});
