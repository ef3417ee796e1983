import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entry, lines, logferry, range, sinkRig } from './query-rig.ts';
import { temporary } from './spool-rig.ts';

describe('logferry query', () => {
  it('prints logs in the order of time: time, level, service, message, trace', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 10_000;
    await send([entry(2, at + 2, { level: 'error', trace_id: 'abc' }), entry(1, at + 1)]);
    expect(await logferry(['query', ...from]).end).toEqual({
      code: 0,
      stdout:
        `${new Date(at + 1).toISOString()}  INFO      shop  order 1\n` +
        `${new Date(at + 2).toISOString()}  ERROR     shop  order 2  trace=abc\n`,
      stderr: '',
    });
  });

  it('--json prints each log as one object', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now();
    await send([entry(1, at, { metadata: { a: { b: 1 } }, message: 'two\nlines' })]);
    const { code, stdout } = await logferry(['query', '--json', ...from]).end;
    expect([code, lines(stdout).map((line) => JSON.parse(line))]).toEqual([
      0,
      [
        expect.objectContaining({
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          time: new Date(at).toISOString(),
          message: 'two\nlines',
          metadata: { a: { b: 1 } },
        }),
      ],
    ]);
  });

  it('filters by service, level and above, text, trace and time', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now();
    await send([
      entry(1, at - 4_000, { level: 'warn' }),
      entry(2, at - 3_000, { level: 'critical', service: 'web' }),
      entry(3, at - 2_000, { trace_id: 't3' }),
      entry(4, at - 90 * 60_000),
    ]);
    const numbers = async (...args: readonly string[]): Promise<string[]> => {
      const { code, stdout } = await logferry(['query', ...from, ...args]).end;
      expect(code).toBe(0);
      return lines(stdout).map((line) => /order (\d)/.exec(line)?.[1] ?? '');
    };
    expect(await numbers('--service', 'web')).toEqual(['2']);
    expect(await numbers('--level', 'warn+')).toEqual(['1', '2']);
    expect(await numbers('--level', 'warn', '--level', 'info', '--since', '15m')).toEqual(['1', '3']);
    expect(await numbers('--trace', 't3')).toEqual(['3']);
    expect(await numbers('--q', 'orders 1')).toEqual(['1']);
    expect(await numbers('--q', 'RDER 1', '--substring')).toEqual(['1']);
    expect(await numbers('--since', '2h', '--until', '1h')).toEqual(['4']);
    expect(await numbers('--limit', '2')).toEqual(['2', '3']);
  });

  it('--all goes through all pages', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 60_000;
    await send(range(2_345).map((number) => entry(number, at + number)));
    const { code, stdout, stderr } = await logferry(['query', '--all', ...from]).end;
    expect([code, stderr]).toEqual([0, '']);
    expect(lines(stdout).map((line) => line.split('  ').at(-1))).toEqual(
      range(2_345).map((number) => `order ${number}`),
    );
  });

  it('no results are no failure', async () => {
    const { from } = await sinkRig();
    const { code, stdout, stderr } = await logferry(['query', ...from]).end;
    expect([code, stdout, stderr]).toEqual([0, '', 'logferry query: no logs match\n']);
  });

  it('nothing of a log is obeyed by the terminal; colours only when they are asked for', async () => {
    const { from, send } = await sinkRig();
    await send([entry(1, Date.now(), { message: 'a\u001b[31mb\nc', level: 'error' })]);
    const plain = await logferry(['query', ...from]).end;
    expect(plain.stdout).toContain('a\\u001b[31mb\\nc');
    expect(plain.stdout).not.toContain('\u001b');
    const coloured = await logferry(['query', ...from], { FORCE_COLOR: '1' }).end;
    expect(coloured.stdout).toContain('\u001b[31mERROR   \u001b[39m');
    const none = await logferry(['query', ...from], { FORCE_COLOR: '0' }).end;
    expect(none.stdout).toBe(plain.stdout);
  });

  it('takes address and key from variables, files and a DSN, and shows the key nowhere', async () => {
    const { sink, send } = await sinkRig();
    const { logtideApiKey: key } = sink.credentials;
    await send([entry(1, Date.now())]);
    const file = join(temporary(), 'key');
    writeFileSync(file, `${key}\n`);
    const dsn = sink.url.replace('://', `://${key}@`);
    const ways: [readonly string[], Record<string, string>][] = [
      [[], { LOGTIDE_API_URL: sink.url, LOGTIDE_API_KEY: key }],
      [[], { LOGTIDE_API_URL: sink.url, LOGTIDE_API_KEY_FILE: file }],
      [['--url', sink.url, '--key-file', file], { LOGTIDE_DSN: 'https://lp_other@elsewhere.example' }],
      [[], { LOGTIDE_DSN: dsn }],
    ];
    for (const [args, env] of ways) {
      const { code, stdout } = await logferry(['query', ...args], env).end;
      expect([code, lines(stdout).length]).toEqual([0, 1]);
    }
    const wrong = `lp_${'0bad'.repeat(16)}`;
    const refused = await logferry(['query'], { LOGTIDE_API_URL: sink.url, LOGTIDE_API_KEY: wrong }).end;
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(
      /^logferry query: http:\/\/127\.0\.0\.1:\d+: GET \/api\/v1\/logs: 401.*; check the key\n$/,
    );
    expect(refused.stderr).not.toContain('0bad');
    const other = await logferry(['query', '--url', sink.url], { LOGTIDE_DSN: dsn }).end;
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('the key is missing')]);
  });

  it('tells how to start a sink when there is none, and fails', async () => {
    const { sink, from } = await sinkRig();
    await sink.close();
    const { code, stdout, stderr } = await logferry(['query', ...from]).end;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('ECONNREFUSED); start one with: npx logferry sink --port 4319\n');
  });

  it('ends quietly when its reader goes', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 60_000;
    await send(range(5_000).map((number) => entry(number, at + number, { message: 'x'.repeat(500) })));
    const { child, end } = logferry(['query', '--all', ...from]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await end).toMatchObject({ code: 0, stderr: '' });
  });

  it('--follow goes on where the query ended, without gap and repetition', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now();
    await send([entry(1, at - 5_000), entry(2, at), entry(3, at)]);
    const run = logferry(['query', '--follow', ...from]);
    await run.until('stderr', /following http/);
    await send([entry(4, Date.now() + 1)]);
    await run.until('stdout', /order 4/);
    run.child.kill('SIGINT');
    const { code, stdout } = await run.end;
    expect(code).toBe(0);
    expect(
      lines(stdout)
        .map((line) => line.split('  ').at(-1))
        .toSorted(),
    ).toEqual([1, 2, 3, 4].map((n) => `order ${n}`));
  });

  it.each([
    [['--since', 'yesterday'], /--since "yesterday": use a time such as 15m/],
    [['--since', '2026-01-02T03:04:05'], /from has no time zone/],
    [['--level', 'fatal'], /unknown level "fatal"/],
    [['--levle', 'warn'], /unknown option "--levle"; did you mean --level\?/],
    [['--limit', '0'], /--limit "0"/],
    [['--limit', '5', '--all'], /--all and --limit exclude/],
    [['--follow', '--until', '1h'], /--follow and --until exclude/],
    [['--until', '2h', '--since', '1h'], /from must not be later than to/],
    [['--key', 'lp_secret'], /--key is not taken/],
    [['--key-file', '/does/not/exist'], /--key-file: the file cannot be read \(ENOENT\)/],
    [['--timeout', '0'], /--timeout "0"/],
    [['word'], /unexpected argument "word"/],
  ])('refuses %j', async (args, reason) => {
    const { code, stdout, stderr } = await logferry(['query', '--sink', '--url', 'http://127.0.0.1:9', ...args]).end;
    expect([code, stdout, lines(stderr).length]).toEqual([2, '', 1]);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('lp_secret');
  });

  it.each([
    [{}, /say which server: set LOGTIDE_API_URL/],
    [{ LOGTIDE_API_URL: 'http://127.0.0.1:9' }, /the key is missing: set LOGTIDE_API_KEY/],
    [{ LOGTIDE_API_URL: 'http://logs.example.com', LOGTIDE_API_KEY: 'lp_k' }, /would show the key to everybody/],
  ])('refuses the environment %j', async (env, reason) => {
    const { code, stderr } = await logferry(['query'], env as Record<string, string>).end;
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });

  it.each(['query', 'tail', 'trace', 'stats'])('%s --help has examples', async (name) => {
    const { code, stdout, stderr } = await logferry([name, '--help']).end;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: logferry ${name}[\\s\\S]*\\nExamples:\\n {2}logferry ${name} `));
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
  });
});
