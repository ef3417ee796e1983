import { describe, expect, it } from 'vitest';
import { countsBetween, sparkline, statsText } from '../../src/cli/stats-table.ts';
import { entry, logferry, range, sinkRig } from './query-rig.ts';

const HOUR = 3_600_000;

describe('logferry stats', () => {
  it('shows a line over time and tables of levels, services and errors', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 1_000;
    await send([
      ...range(12).map((number) => entry(number, at)),
      ...range(3).map(() => entry(0, at, { service: 'web', level: 'error', message: 'boom\nbang' })),
    ]);
    const { code, stdout, stderr } = await logferry(['stats', '--since', '30m', ...from]).end;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^15 logs, \S+Z to \S+Z, by 1m\n +█ ?\n/);
    expect(stdout).toContain('\nLevels\n   3  error\n  12  info\n');
    expect(stdout).toContain('\nServices\n  12  shop\n   3  web\n');
    expect(stdout).toContain('\nErrors\n  3  boom\\nbang\n');
  });

  it('--json gives everything as one object', async () => {
    const { from, send } = await sinkRig();
    await send([entry(1, Date.now() - 1_000, { level: 'error' })]);
    const { code, stdout } = await logferry(['stats', '--json', '--interval', '1d', ...from]).end;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      interval: '1d',
      total: 1,
      byLevel: { error: 1 },
      timeseries: [{ total: 1, byLevel: { error: 1 } }],
      topServices: [{ service: 'shop', count: 1 }],
      topErrors: [{ message: 'order 1', count: 1 }],
    });
  });

  it('--service counts one service, without tables that the server has for all only', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 1_000;
    await send([entry(1, at), entry(2, at, { service: 'web', level: 'error' })]);
    const { stdout } = await logferry(['stats', '--service', 'web', ...from]).end;
    expect(stdout).toMatch(/^1 log of web, /);
    expect(stdout).not.toMatch(/Services|Errors|info/);
  });

  it.each([
    [['--interval', '2h'], /interval must be "1m" or "5m" or "1h" or "1d", got 2h/],
    [['--top', '51'], /--top must be at most 50/],
    [['--top', 'x'], /--top must be a number/],
    [['--since', '1h', '--until', '2h'], /from must not be later than to/],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await logferry(['stats', '--sink', ...args]).end;
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });
});

describe('the line over time', () => {
  it('is blank for none, tallest for the most, and never wider than asked', () => {
    expect(sparkline([0, 1, 4, 8])).toBe(' ▁▄█');
    expect(sparkline([1, 100])).toBe('▁█');
    expect(sparkline([0, 0])).toBe('  ');
    expect(sparkline([1, 1, 2, 2, 4], 3)).toBe('▄██');
    expect(sparkline(range(1_000), 72).length).toBeLessThanOrEqual(72);
  });

  it('has a place for every stretch of time, also without logs', () => {
    const bucket = (hour: number, total: number) => ({
      bucket: new Date(hour * HOUR).toISOString(),
      total,
      byLevel: {},
    });
    expect(countsBetween([bucket(1, 5), bucket(3, 7), bucket(9, 1)], 1.5 * HOUR, 4.5 * HOUR, HOUR)).toEqual([
      5, 0, 7, 0,
    ]);
  });

  it('is left out when there is nothing', () => {
    const none = {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00Z',
      interval: '1h',
      total: 0,
      byLevel: {},
      timeseries: [],
    };
    expect(statsText(none, HOUR, (_, text) => text)).toBe(
      '0 logs, 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z, by 1h\n',
    );
  });
});
