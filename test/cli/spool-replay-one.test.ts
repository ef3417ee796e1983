import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Replay } from '../../src/cli/spool-replay-one.ts';
import { nodeFiles } from '../../src/delivery/spool/files.ts';
import { adoptedName } from '../../src/delivery/spool/names.ts';
import { ownerFacts } from '../../src/delivery/spool/owner.ts';
import type { Destination } from '../../src/destination.ts';
import { failing } from '../delivery/spool/places.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { SpoolRig } from './spool-rig.ts';

let said: string[];
beforeEach(() => {
  said = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  onTestFinished(() => spy.mockRestore());
});

/** A destination that says of itself what it is told to. */
function destinationWith({
  pending = 0,
  spoolProblem,
  onStats,
}: {
  pending?: number;
  spoolProblem?: string;
  onStats?: (asked: number) => unknown;
} = {}) {
  const state = { pending, closed: false, asked: 0 };
  const destination = {
    spoolProblem,
    stats: () => {
      state.asked += 1;
      onStats?.(state.asked);
      const dropped = { corrupt: 2, expired: 0 };
      return { pending: state.pending, delivered: 3, deadLettered: 1, dropped, circuit: {} };
    },
    shutdown: async () => {
      state.closed = true;
    },
  };
  return { state, destination: destination as unknown as Destination };
}

function setup() {
  const rig = new SpoolRig();
  const destinationPath = rig.destination('logtide');
  const clock = new FakeClock();
  const on = { files: nodeFiles, clock, here: ownerFacts(nodeFiles, 'spool') };
  const replay = new Replay({ on, platform: 'logtide', lanes: ['logs'], destinationPath, dead: true, orphans: true });
  return { rig, destinationPath, replay, clock, on };
}

const never = new AbortController().signal;

describe('the replay of one destination', () => {
  it.each(['an orphan', 'what was taken over and is not delivered yet', 'a record in flight'])(
    'is not over while there is %s',
    async (what) => {
      const { rig, destinationPath, replay, clock } = setup();
      await replay.prepare();
      const { state, destination } = destinationWith({ pending: what === 'a record in flight' ? 1 : 0 });
      const own = await rig.living('logtide', ['{}']);
      const folder = join(
        destinationPath,
        what === 'an orphan' ? 'mjwaid1k-9-0-0000000f' : adoptedName(own, 'mjwaid1k-9-0-0000000f'),
      );
      if (what !== 'a record in flight') fs.mkdirSync(folder);
      if (what === 'an orphan') fs.writeFileSync(join(folder, 'released'), '');
      const run = replay.deliver(destination, 3_600_000, never);
      const passed = async <T>(of: () => T): Promise<T> => {
        await clock.advance(100);
        return of();
      };
      await expect.poll(() => passed(() => state.asked), { interval: 1 }).toBeGreaterThan(10);
      expect(state.closed).toBe(false);
      fs.rmSync(folder, { recursive: true, force: true });
      state.pending = 0;
      await expect.poll(() => passed(() => state.closed), { interval: 1 }).toBe(true);
      expect(await run).toEqual({
        text: 'logtide: 3 records delivered, 1 dead-lettered again, 2 dropped (corrupt), 0 left',
        left: 0,
      });
      expect(fs.readdirSync(destinationPath)).toEqual([own]);
    },
  );

  it('is not over when a directory was just being renamed and seen under neither name', async () => {
    const { rig, destinationPath, replay, clock } = setup();
    const own = await rig.living('logtide', ['{}']);
    const folder = join(destinationPath, adoptedName(own, 'mjwaid1k-9-0-0000000f'));
    const { state, destination } = destinationWith({ onStats: (asked) => asked === 2 && fs.mkdirSync(folder) });
    void replay.deliver(destination, 3_600_000, never);
    const asked = async (): Promise<number> => {
      await clock.advance(100);
      return state.asked;
    };
    await expect.poll(asked, { interval: 1 }).toBeGreaterThan(10);
    expect(state.closed).toBe(false);
  });

  it('is not even tried when the spool cannot be used', async () => {
    const { destinationPath, replay } = setup();
    await replay.prepare();
    const { state, destination } = destinationWith({ spoolProblem: 'it is full' });
    const result = { text: 'logtide: not replayed', left: Number.POSITIVE_INFINITY };
    expect(await replay.deliver(destination, 1, never)).toEqual(result);
    expect([state.closed, said, fs.readdirSync(destinationPath)]).toEqual([
      true,
      ['logferry spool: logtide: it is full\n'],
      [],
    ]);
    expect(await replay.deliver(undefined, 1, never)).toEqual(result);
  });

  it('does not begin where nothing can be written', async () => {
    const { on, destinationPath } = setup();
    const options = { platform: 'logtide', lanes: ['logs'], destinationPath, dead: true, orphans: true };
    const replay = new Replay({ ...options, on: { ...on, files: failing('mkdirSync', 'EROFS') } });
    expect(await replay.prepare()).toBe(false);
    expect(said).toEqual([expect.stringContaining(`logtide: ${destinationPath} cannot be used (EROFS)`)]);
  });
});
