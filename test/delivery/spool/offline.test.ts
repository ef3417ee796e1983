import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { readHeader } from '../../../src/delivery/spool/header.ts';
import { OWNER_FILE, RELEASED_FILE } from '../../../src/delivery/spool/names.ts';
import { type OfflineRecord, writeOrphan } from '../../../src/delivery/spool/offline.ts';
import { findOrphans, listSegments } from '../../../src/delivery/spool/orphans.ts';
import { ownerFacts } from '../../../src/delivery/spool/owner.ts';
import { readTexts, recover } from '../../../src/delivery/spool/recovery.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { failing, modeOf, openPlaces } from './places.ts';

const facts = ownerFacts(nodeFiles, 'odysseus');
const MEBIBYTE = 1_048_576;

async function* those(records: readonly OfflineRecord[]): AsyncGenerator<OfflineRecord> {
  yield* records;
}

const logs = (...texts: readonly string[]): OfflineRecord[] => texts.map((text) => ({ lane: 'logs', text }));

function write(destinationPath: string, records: AsyncIterable<OfflineRecord>, files: SpoolFiles = nodeFiles) {
  return writeOrphan({ files, clock: new FakeClock(), destinationPath, facts, records });
}

async function orphansIn(destination: string): Promise<string[]> {
  const found: string[] = [];
  for await (const finding of findOrphans(nodeFiles, destination, 'none', facts, new FakeClock())) {
    if (finding.kind === 'orphan') found.push(finding.folder);
  }
  return found;
}

/** Lanes and texts of an instance, as an adopter reads them. */
async function contentsOf(path: string) {
  const listing = await listSegments(nodeFiles, path);
  if (listing.kind !== 'ok') throw new Error(listing.code);
  return Promise.all(
    listing.segments.map(async ({ file, sequence, lane, bytes }) => {
      const at = join(path, file);
      const recovered = await recover(nodeFiles, { path: at, sequence, compressed: false, bytes, now: 0, wallNow: 0 });
      if (recovered.kind !== 'segment') throw new Error(recovered.kind);
      expect(recovered.damaged).toBe(0);
      return { file, lane, texts: await readTexts(nodeFiles, recovered.segment) };
    }),
  );
}

describe('records left in a spool', () => {
  it('lie in a private, released directory with a segment for each lane', async () => {
    const { destination } = openPlaces();
    const records = [
      ...logs('{"n": 12345678901234567890}', '{"m":"ü"}'),
      { lane: 'events', text: '{\n"e":1}' },
      ...logs('{"m":3}'),
    ];
    const written = await write(destination, those(records));
    expect(written).toMatchObject({ kind: 'ok', records: 4, segments: 2 });
    const [folder = ''] = await orphansIn(destination);
    const path = join(destination, folder);
    expect(fs.readdirSync(destination)).toEqual([folder]);
    expect(fs.readdirSync(path)).toEqual(['00000000-logs.seg', '00000001-events.seg', RELEASED_FILE]);
    expect(await contentsOf(path)).toEqual([
      { file: '00000000-logs.seg', lane: 'logs', texts: ['{"n": 12345678901234567890}', '{"m":"ü"}', '{"m":3}'] },
      { file: '00000001-events.seg', lane: 'events', texts: ['{ "e":1}'] },
    ]);
    expect(readHeader(fs.readFileSync(join(path, '00000001-events.seg')))).toEqual({
      ...{ kind: 'header', platform: 'odysseus', lane: 'events' },
      openedMillis: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
    const bytes = ['00000000-logs.seg', '00000001-events.seg'].map((file) => fs.statSync(join(path, file)).size);
    expect(written).toMatchObject({ bytes: bytes.reduce((sum, size) => sum + size) });
    expect([modeOf(path), modeOf(join(path, '00000000-logs.seg'))]).toEqual(['700', '600']);
  });

  it('belong to this process until the last one is on the disk', async () => {
    const { destination } = openPlaces();
    const seen: unknown[] = [];
    const files = faultFiles();
    async function* watched(): AsyncGenerator<OfflineRecord> {
      yield* logs('{"a":1}');
      const [folder = ''] = fs.readdirSync(destination);
      seen.push(await orphansIn(destination), fs.existsSync(join(destination, folder, OWNER_FILE)));
    }
    await write(destination, watched(), files);
    expect(seen).toEqual([[], true]);
    files.powerLoss();
    const [folder = ''] = await orphansIn(destination);
    expect(await contentsOf(join(destination, folder))).toMatchObject([{ texts: ['{"a":1}'] }]);
  });

  it('show a heartbeat with every segment', async () => {
    const { destination } = openPlaces();
    const clock = new FakeClock();
    const beats: number[] = [];
    async function* slow(): AsyncGenerator<OfflineRecord> {
      for (let count = 0; count < 2; count += 1) {
        yield* logs(`{"m":"${'x'.repeat(5 * MEBIBYTE)}"}`);
        const [folder = ''] = fs.readdirSync(destination);
        beats.push(fs.statSync(join(destination, folder, OWNER_FILE)).mtimeMs - Date.UTC(2026, 0, 2, 3, 4, 5));
        clock.jumpWall(60_000);
      }
    }
    await writeOrphan({ files: nodeFiles, clock, destinationPath: destination, facts, records: slow() });
    expect(beats).toEqual([0, 60_000]);
  });

  it('are spread over segments of about four mebibytes, one open file for each lane', async () => {
    const { destination } = openPlaces();
    const files = faultFiles();
    const text = (n: number): string => `{"n":${n},"m":"${'x'.repeat(300_000)}"}`;
    const records = Array.from({ length: 40 }, (_, n) => ({ lane: n % 2 === 0 ? 'logs' : 'events', text: text(n) }));
    expect(await write(destination, those(records), files)).toMatchObject({ records: 40, segments: 4 });
    expect([files.disk.mostOpen, files.disk.open]).toEqual([2, 0]);
    const [folder = ''] = await orphansIn(destination);
    const contents = await contentsOf(join(destination, folder));
    const all = (lane: string) => contents.filter((segment) => segment.lane === lane).flatMap(({ texts }) => texts);
    expect([...all('logs'), ...all('events')]).toEqual(
      ['logs', 'events'].flatMap((lane) =>
        records.filter((record) => record.lane === lane).map((record) => record.text),
      ),
    );
    const sizes = contents.map(({ file }) => fs.statSync(join(destination, folder, file)).size);
    expect(Math.max(...sizes)).toBeLessThan(4.5 * MEBIBYTE);
  });

  it('need no directory when there are none', async () => {
    const { destination } = openPlaces();
    expect(await write(destination, those([]))).toEqual({ kind: 'ok', records: 0, segments: 0, bytes: 0 });
    expect(fs.readdirSync(destination)).toEqual([]);
  });

  it.each([
    ['the disk is full', () => faultFiles({ capacityBytes: 5 * MEBIBYTE })],
    ['a file cannot be opened', () => faultFiles({ faults: [{ on: 'open', path: '00000001', code: 'EMFILE' }] })],
    ['the disk reports an error', () => faultFiles({ faults: [{ on: 'write', path: '.seg', after: 3, code: 'EIO' }] })],
    ['nothing can be made', () => faultFiles({ faults: [{ on: 'mkdir', code: 'EROFS' }] })],
  ])('are taken back when %s', async (_, make) => {
    const { destination } = openPlaces();
    const files = make();
    const records = Array.from({ length: 30 }, () => ({ lane: 'logs', text: `{"m":"${'x'.repeat(300_000)}"}` }));
    expect(await write(destination, those(records), files)).toMatchObject({ kind: 'failed' });
    expect([fs.readdirSync(destination), files.disk.open]).toEqual([[], 0]);
  });

  it('are taken back when the disk does not confirm them', async () => {
    const { destination } = openPlaces();
    const open = async (...args: Parameters<typeof fs.promises.open>) => {
      const handle = await fs.promises.open(...args);
      handle.sync = () => Promise.reject(Object.assign(new Error('scripted'), { code: 'EIO' }));
      return handle;
    };
    const files = { ...nodeFiles, promises: { ...nodeFiles.promises, open } } as SpoolFiles;
    expect(await write(destination, those(logs('{}')), files)).toEqual({ kind: 'failed', code: 'EIO' });
    expect(fs.readdirSync(destination)).toEqual([]);
  });

  it('are taken back when their source fails', async () => {
    const { destination } = openPlaces();
    async function* broken(): AsyncGenerator<OfflineRecord> {
      yield* logs('{}');
      throw Object.assign(new Error('gone'), { code: 'EACCES' });
    }
    expect(await write(destination, broken())).toEqual({ kind: 'failed', code: 'EACCES' });
    expect(fs.readdirSync(destination)).toEqual([]);
  });

  it('stay where directories cannot be opened', async () => {
    const { destination } = openPlaces();
    const files = failing('promises.open', 'EISDIR', (path) => !path.endsWith('.seg'));
    expect(await write(destination, those(logs('{}')), files)).toMatchObject({ kind: 'ok', records: 1 });
    expect(await orphansIn(destination)).toHaveLength(1);
  });
});
