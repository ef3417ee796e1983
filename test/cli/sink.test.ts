import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/cli/sink-output.ts';
import { startSink } from '../../src/sink/sink.ts';
import { entry, lines, logferry, sendLogtide, startJson } from './sink-rig.ts';

const sendLoggier = (env: Record<string, string>): Promise<Response> =>
  fetch(`${env.LOGGIER_API_URL}/api/ingest/${env.LOGGIER_API_KEY}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-loggier-key': env.LOGGIER_API_KEY ?? '' },
    body: '{"message":"m","level":"INFO","environment":"e","timestamp":"2026-01-02T03:04:05Z","runtime_context":{}}',
  });

describe('logferry', () => {
  it('tells its version and its commands', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await logferry(['--version']).exit).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(await logferry(['--help']).exit).toMatchObject({ code: 0, stdout: expect.stringContaining('  sink ') });
    expect(await logferry(['sink', '--help']).exit).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--fail'),
    });
  });

  it.each([[[]], [['sing']], [['constructor']]])('refuses the command line %j', async (args) => {
    const { code, stdout, stderr } = await logferry(args).exit;
    expect([code, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    expect(stderr).toMatch(/^logferry: (?:no command given|unknown command ".*"); known are: .*sink/);
  });
});

describe('logferry sink', () => {
  it.each([
    [['--port', 'http'], /--port "http": use a whole number from 0 to 65535/],
    [['--port', '65536'], /--port "65536"/],
    [['--fail', '503'], /--fail "503": use STATUS:SHARE/],
    [['--fail', '503:101%'], /--fail "503:101%"/],
    [['--status', '42'], /--status "42": use a whole number from 200 to 599/],
    [['--latency', '5'], /--latency "5": use a number with ms, s or m/],
    [['--platform', 'sentry', '--hang'], /--platform "sentry": use one of odysseus, logtide/],
    [['--platform', 'logtide'], /--platform "logtide": limits faults/],
    [['--retry-after', '5'], /--retry-after "5": needs --status or --fail/],
    [['--db', ''], /--db "": use the name of a file/],
    [['--logtide-server', 'C'], /--logtide-server "C": use one of A, B/],
    [['--nope'], /'--nope'/],
    [['extra'], /'extra'/],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await logferry(['sink', ...args]).exit;
    expect([code, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    expect(stderr).toMatch(message);
  });

  it('says when the port is taken', async () => {
    const other = await startSink();
    const { code, stderr } = await logferry(['sink', '--port', String(other.port)]).exit;
    await other.close();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^logferry sink: --port \d+: is taken; .*\n$/)]);
  });

  it('prints arrivals as JSON lines and a summary at the end', async () => {
    const run = await startJson(['--logtide-server', 'A']);
    const { url, port, env } = run.listening;
    expect(run.listening).toMatchObject({ type: 'listening', url: `http://127.0.0.1:${port}` });
    expect(env.TRAKERR_API_URL).toBe(`${url}/api/v1`);
    expect((await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [entry])).status).toBe(200);
    expect((await sendLogtide(url, 'lp_wrong', [entry])).status).toBe(401);
    const bad = await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [{ ...entry, level: 'fatal' }]);
    expect([bad.status, ((await bad.json()) as { details: object }).details]).toEqual([
      400,
      expect.objectContaining({ logs: expect.anything() }),
    ]);
    expect((await fetch(`${url}/api/v1/ingest/`, { method: 'POST' })).status).toBe(404);
    run.child.kill('SIGTERM');
    const { code, stdout, stderr } = await run.exit;
    expect(code).toBe(0);
    expect(lines(stdout).slice(1)).toEqual([
      { type: 'record', platform: 'logtide', channel: 'logs', record: entry },
      { type: 'refused', platform: 'logtide', status: 401, reason: 'x-api-key: Invalid API key' },
      { type: 'refused', platform: 'logtide', status: 400, reason: expect.stringContaining('logs[0].level') },
      { type: 'refused', platform: 'unknown', status: 404, reason: 'no route for POST /api/v1/ingest/' },
    ]);
    expect(stderr).toMatch(/^logtide +3 +1 +2 +0$/m);
    expect(stdout + stderr).not.toContain('lp_wrong');
  });

  it('prints arrivals for people, with nothing that a terminal would obey', async () => {
    const run = logferry(['sink', '--port', '0']);
    const banner = await run.until('stderr', /export TRAKERR_API_KEY='.*'\n/);
    const env = Object.fromEntries([...banner.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, k, v]) => [k, v])) as Record<
      string,
      string
    >;
    const url = env.LOGTIDE_API_URL ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const evil = { ...entry, message: 'one\ntwo\u001b[31m red \u202e', trace_id: 'abc', service: 'a\rb' };
    await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [entry, evil]);
    await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [{ ...entry, service: '' }]);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.exit;
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '2026-01-02T03:04:05.678Z  logtide/logs     WARN      shop  stock is low',
      '2026-01-02T03:04:05.678Z  logtide/logs     WARN      a\\rb  one\\ntwo\\u001b[31m red \\u202e  trace=abc',
      '',
    ]);
    expect(stderr).toMatch(/^refused {2}logtide {2}400 {2}logs\[0\]\.service: /m);
    expect(stderr).toMatch(/^logtide +2 +2 +1 +0$/m);
  });

  it('injects faults into one platform', async () => {
    const run = await startJson(['--fail', '503:100%', '--retry-after', '3', '--platform', 'loggier']);
    const { url, env } = run.listening;
    const faulted = await sendLoggier(env);
    expect([faulted.status, faulted.headers.get('retry-after')]).toEqual([503, '3']);
    expect((await sendLogtide(url, env.LOGTIDE_API_KEY ?? '', [entry])).status).toBe(200);
    run.child.kill('SIGTERM');
    const { stdout, stderr } = await run.exit;
    expect(lines(stdout)).toContainEqual({
      type: 'refused',
      platform: 'loggier',
      status: 503,
      reason: 'injected fault: status 503',
    });
    expect(stderr).toMatch(/^loggier +1 +0 +0 +1$/m);
  });

  it.each([['--reset'], ['--hang']])('%s leaves clients without an answer', async (option) => {
    const run = await startJson([option]);
    const answer = sendLoggier(run.listening.env).then(
      () => 'answered',
      () => 'failed',
    );
    await run.until('stdout', /"type":"refused".*injected fault/);
    run.child.kill('SIGTERM');
    expect((await run.exit).code).toBe(0);
    expect(await answer).toBe('failed');
  });

  it('ends quietly when its reader has gone', async () => {
    const run = await startJson();
    run.child.stdout?.destroy();
    const { env } = run.listening;
    // The first write after the pipe has closed is the one that fails.
    await sendLoggier(env);
    expect((await run.exit).code).toBe(0);
  });
});

describe('escapeControls', () => {
  it('makes every control character visible and leaves text alone', () => {
    expect(escapeControls('é€😀 ok')).toBe('é€😀 ok');
    expect(escapeControls('\n\r\t\0\x1b\x7f\x9b\u2028\u2066')).toBe(
      '\\n\\r\\t\\u0000\\u001b\\u007f\\u009b\\u2028\\u2066',
    );
  });
});
