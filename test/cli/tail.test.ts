import { describe, expect, it } from 'vitest';
import { entry, lines, logferry, sinkRig } from './query-rig.ts';

describe('logferry tail', () => {
  it('follows a local sink, tells what goes on on stderr, and ends in order at a signal', async () => {
    const { from, send } = await sinkRig();
    const run = logferry(['tail', ...from]);
    await run.until('stderr', /following http:\/\/127\.0\.0\.1:\d+; Ctrl-C ends it\n/);
    await send([entry(1, Date.now() + 1, { level: 'warn', trace_id: 't1' })]);
    await run.until('stdout', /order 1/);
    run.child.kill('SIGTERM');
    const { code, stdout, stderr } = await run.end;
    expect([code, lines(stderr).length]).toEqual([0, 1]);
    expect(stdout).toMatch(/^\S+Z {2}WARN {6}shop {2}order 1 {2}trace=t1\n$/);
  });

  it('filters, begins in the past, prints JSON', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 1_000;
    await send([
      entry(1, at, { level: 'error' }),
      entry(2, at, { service: 'web' }),
      entry(3, at + 1, { level: 'error' }),
    ]);
    const filters = ['--service', 'shop', '--level', 'error+', '--q', 'ORDER', '--since', '15m'];
    const run = logferry(['tail', '--json', ...filters, ...from]);
    await run.until('stdout', /order 3/);
    await send([entry(4, Date.now() + 1), entry(5, Date.now() + 1, { level: 'critical' })]);
    await run.until('stdout', /order 5/);
    run.child.kill('SIGINT');
    const { code, stdout } = await run.end;
    expect(code).toBe(0);
    expect(lines(stdout).map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'order 1',
      'order 3',
      'order 5',
    ]);
  });

  it('comes back after a restart of the server, with what was logged meanwhile', async () => {
    const { sink, from, send } = await sinkRig();
    const run = logferry(['tail', ...from]);
    await run.until('stderr', /following/);
    await sink.pause();
    await run.until('stderr', /not connected: .*; next try in \d\.\d s\n/);
    await sink.resume();
    await send([entry(1, Date.now())]);
    await run.until('stdout', /order 1\n/);
    await run.until('stderr', /following[\s\S]*1 log from the time without connection\n[\s\S]*following/);
    run.child.kill('SIGINT');
    expect(await run.end).toMatchObject({ code: 0 });
  });

  it('ends quietly when its reader goes', async () => {
    const { from, send } = await sinkRig();
    const run = logferry(['tail', '--since', '1m', ...from]);
    await send([entry(1, Date.now())]);
    await run.until('stdout', /order 1/);
    run.child.stdout?.destroy();
    await send([entry(2, Date.now() + 1)]);
    expect(await run.end).toMatchObject({ code: 0, stderr: expect.not.stringContaining('EPIPE') });
  });

  it('fails when the key is refused', async () => {
    const { sink } = await sinkRig();
    const env = { LOGTIDE_API_URL: sink.url, LOGTIDE_API_KEY: `lp_${'0bad'.repeat(16)}` };
    const { code, stdout, stderr } = await logferry(['tail'], env).end;
    expect([code, stdout, lines(stderr).length]).toEqual([1, '', 1]);
    expect(stderr).toMatch(/GET \/api\/v1\/logs\/stream: 401.*; check the key/);
  });

  it.each([
    [['--until', '1h'], /unknown option "--until"/],
    [['--since', '2026-01-02T03:04:05'], /since has no time zone/],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await logferry(['tail', '--sink', ...args]).end;
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });
});
