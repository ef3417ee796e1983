import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlLevels, type LevelControl } from '../../src/levels/control.ts';
import { DestinationLevels } from '../../src/levels/destination-levels.ts';
import { Levels } from '../../src/levels/levels.ts';
import { until } from '../support/delivery-rig.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';

function scene(control: (path: string) => LevelControl) {
  const folder = mkdtempSync(join(tmpdir(), 'logferry-levels-'));
  const path = join(folder, 'levels');
  const clock = new FakeClock();
  const said: string[] = [];
  const levels = new Levels({ levels: { a: 'warn' } });
  const destination = new DestinationLevels('logtide', levels, {});
  const stop = controlLevels({ levels, levelControl: control(path), say: (line) => void said.push(line), clock });
  onTestFinished(() => {
    stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path,
    said,
    stop,
    clock,
    of: (scope: string) => destination.of({ name: scope }),
    /** Lets the file be looked at once more, and waits until that is over. */
    async looked(): Promise<void> {
      await until(() => clock.next < Number.POSITIVE_INFINITY);
      await clock.advance(2_000);
      await until(() => clock.next < Number.POSITIVE_INFINITY);
    },
    /** Lets the file be looked at, and waits for what comes of it. */
    look: (expected: () => boolean): Promise<void> => until(expected, 'a change', () => clock.advance(2_000)),
  };
}

describe('a levels file', () => {
  it('may appear, change and go; what is in it holds two seconds later, and each change is one line', async () => {
    const { path, said, of, look } = scene((file) => ({ file: { path: file, text: undefined } }));
    expect(of('a')).toBe(13);
    writeFileSync(path, 'a=debug\nlogtide=info\n');
    await look(() => of('b') === 9);
    expect([of('a'), said]).toEqual([9, ['logferry: LOGFERRY_LEVELS_FILE has changed: 2 levels from it']]);
    writeFileSync(path, '# nothing but a\na=error');
    await look(() => of('a') === 17);
    expect(of('b')).toBe(0);
    rmSync(path);
    await look(() => of('a') === 13);
    expect(said.slice(1)).toEqual([
      'logferry: LOGFERRY_LEVELS_FILE has changed: 1 level from it',
      'logferry: LOGFERRY_LEVELS_FILE has changed: no level from it',
    ]);
  });

  it('is not told again while it says the same', async () => {
    const { path, said, looked, look, of } = scene((file) => ({ file: { path: file, text: 'a=debug' } }));
    writeFileSync(path, 'a=debug');
    for (let n = 0; n < 3; n++) await looked();
    writeFileSync(path, 'a=info');
    await look(() => of('a') === 9);
    expect(said).toHaveLength(1);
  });

  it('with parts that cannot be read: the others hold, and it is said', async () => {
    const { path, said, of, look } = scene((file) => ({ file: { path: file, text: undefined } }));
    writeFileSync(path, 'a=loud,b=info,secret');
    await look(() => of('b') === 9);
    expect(of('a')).toBe(13);
    expect(said[0]).toBe(
      'logferry LF016 LOGFERRY_LEVELS_FILE has 2 parts that cannot be read: use lines such as db.*=warn',
    );
    expect(said.join()).not.toContain('secret');
  });

  it('that cannot be read leaves the levels as they are, told once, and is followed afterwards', async () => {
    const { path, said, of, look, looked } = scene((file) => ({ file: { path: file, text: undefined } }));
    mkdirSync(path);
    await look(() => said.length === 1);
    expect(said).toEqual(['logferry LF016 LOGFERRY_LEVELS_FILE cannot be read (EISDIR): the levels stay as they are']);
    for (let n = 0; n < 3; n++) await looked();
    rmSync(path, { recursive: true });
    writeFileSync(path, `#${' '.repeat(70_000)}`);
    await look(() => said.length === 2);
    expect(said[1]).toContain('(too large)');
    writeFileSync(path, 'a=trace');
    chmodSync(path, 0o644);
    await look(() => of('a') === 1);
    expect(said).toHaveLength(3);
  });

  it('is not looked at any more once it is stopped', async () => {
    const { path, of, stop, clock, said } = scene((file) => ({ file: { path: file, text: undefined } }));
    expect(clock.next).toBe(2_000);
    stop();
    await turn();
    expect(clock.next).toBe(Number.POSITIVE_INFINITY);
    writeFileSync(path, 'a=debug');
    await clock.advance(10_000);
    expect([of('a'), said]).toEqual([13, []]);
  });
});

describe('a signal', () => {
  it('lets everything pass from debug on, and with the next one as before', () => {
    const before = process.listenerCount('SIGUSR2');
    const { of, said, stop } = scene(() => ({ signal: 'SIGUSR2' }));
    expect(of('a')).toBe(13);
    process.emit('SIGUSR2');
    expect([of('a'), of('b')]).toEqual([5, 0]);
    process.emit('SIGUSR2');
    expect(of('a')).toBe(13);
    expect(said).toEqual([
      'logferry: SIGUSR2: everything from debug on is sent, until the next one',
      'logferry: SIGUSR2: levels as before',
    ]);
    stop();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  it('none is listened to without being asked', () => {
    const counts = () => (['SIGUSR2', 'SIGHUP', 'SIGUSR1'] as const).map((signal) => process.listenerCount(signal));
    const before = counts();
    const { clock } = scene(() => ({}));
    expect([counts(), clock.next]).toEqual([before, Number.POSITIVE_INFINITY]);
  });
});
