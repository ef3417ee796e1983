import { join } from 'node:path';
import { deadFiles, readDeadLetters } from '../../delivery/spool/dead-files.ts';
import { DEAD_FOLDER, ROOT_FOLDER } from '../../delivery/spool/names.ts';
import { isNetworkDisk } from '../../delivery/spool/network-disk.ts';
import { ownerFacts } from '../../delivery/spool/owner.ts';
import { freeBytes, measureUsage } from '../../delivery/spool/usage.ts';
import { SPOOL_DEFAULTS, type SpoolOptions } from '../../spool-options.ts';
import { ageText, countText, sizeText } from '../spool-output.ts';
import {
  type Contents,
  contentsOf,
  foldersIn,
  instancesIn,
  nameIn,
  type Surroundings as SurveySurroundings,
} from '../spool-survey.ts';
import { type Finding, finding, skipped } from './finding.ts';
import { checkDirectory, checkWriting, nearest } from './spool-directory.ts';
import type { Surroundings } from './surroundings.ts';

/** A small disk is not kept emptier than this part of it, as in the spool itself. */
const MIN_FREE_SHARE = 0.1;
const NEARLY_FULL = 0.9;

async function spaceFinding({ files }: Surroundings, options: SpoolOptions): Promise<Finding> {
  const { directory, maxDiskBytes = SPOOL_DEFAULTS.maxDiskBytes } = options;
  const room = await freeBytes(files, nearest(files, directory));
  const usage = await measureUsage(files, join(directory, ROOT_FOLDER));
  const usedBytes = usage.kind === 'ok' ? usage.totalBytes : undefined;
  const details = { maxDiskBytes, usedBytes, freeBytes: room?.free, diskBytes: room?.total };
  const used = `${sizeText(usedBytes ?? 0)} of ${sizeText(maxDiskBytes)} used`;
  if (room === undefined) return finding('DR043', 'ok', `${used}; the disk does not say what is free`, { details });
  const least = Math.min(options.minFreeBytes ?? SPOOL_DEFAULTS.minFreeBytes, room.total * MIN_FREE_SHARE);
  const what = `${used}, ${sizeText(room.free)} free on the disk`;
  if (room.free < least) {
    return finding('DR043', 'error', `${what}, less than the ${sizeText(least)} that are left to others`, {
      fix: 'make room; until then new records wait in memory',
      details,
    });
  }
  if ((usedBytes ?? 0) > maxDiskBytes * NEARLY_FULL) {
    return finding('DR043', 'warning', `${what}: the oldest records are about to be dropped`, {
      fix: 'see what waits, or raise LOGFERRY_SPOOL_SIZE',
      details,
    });
  }
  if (room.free - least < maxDiskBytes - (usedBytes ?? 0)) {
    return finding('DR043', 'warning', `${what}: the disk is full before the spool is`, {
      fix: 'make room, or lower LOGFERRY_SPOOL_SIZE',
      details,
    });
  }
  return finding('DR043', 'ok', what, { details });
}

function diskFinding({ files }: Surroundings, directory: string): Finding {
  if (!isNetworkDisk(files, nearest(files, directory))) return finding('DR044', 'ok', 'the disk is a local one');
  return finding('DR044', 'warning', 'the directory lies on a network file system: writing may block or fail', {
    fix: 'name a directory on a local disk',
  });
}

interface Waiting {
  readonly destination: string;
  readonly name: string | null;
  readonly waiting: number;
  readonly orphaned: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly unreadable: number;
  readonly oldestMillis: number | undefined;
  readonly deadLetters: number;
  readonly damagedFiles: number;
}

async function deadIn({ files }: SurveySurroundings, folder: string) {
  const found = deadFiles(files, folder);
  let deadLetters = 0;
  for (const { kind, path } of found) {
    if (kind !== 'letters') continue;
    const read = await readDeadLetters(files, path);
    if (read.kind === 'ok') deadLetters += read.letters.length;
  }
  return { deadLetters, damagedFiles: found.filter(({ kind }) => kind === 'damaged').length };
}

async function waitingIn(on: SurveySurroundings, root: string, destination: string): Promise<Waiting> {
  const instances = await instancesIn(on, join(root, destination));
  const contents: (Contents & { readonly orphan: boolean })[] = [];
  for (const { path, state } of instances)
    contents.push({ ...(await contentsOf(on, path)), orphan: state !== 'alive' });
  const sum = (of: (content: (typeof contents)[number]) => number): number =>
    contents.reduce((total, content) => total + of(content), 0);
  const ages = contents.flatMap(({ oldestMillis }) => (oldestMillis === undefined ? [] : [oldestMillis]));
  return {
    destination,
    name: nameIn(instances) ?? null,
    waiting: sum(({ waiting }) => waiting),
    orphaned: sum(({ waiting, orphan }) => (orphan ? waiting : 0)),
    bytes: sum(({ bytes }) => bytes),
    damaged: sum(({ damaged }) => damaged),
    unreadable: sum(({ unreadable }) => unreadable),
    oldestMillis: ages.length > 0 ? Math.max(...ages) : undefined,
    ...(await deadIn(on, join(root, destination, DEAD_FOLDER))),
  };
}

function waitingText({ destination, name, waiting, orphaned, oldestMillis }: Waiting): string {
  const who = name === null ? destination : `${destination} (${JSON.stringify(name)})`;
  const age = oldestMillis === undefined ? '' : `, oldest ${ageText(oldestMillis)}`;
  const left = orphaned > 0 ? `, ${orphaned.toLocaleString('en')} of them left by dead processes` : '';
  return `${countText(waiting, 'record')} for ${who}${age}${left}`;
}

function waitingFinding(found: readonly Waiting[]): Finding {
  const details = { destinations: found };
  const full = found.filter(({ waiting }) => waiting > 0);
  const broken = found.reduce((sum, { damaged, unreadable }) => sum + damaged + unreadable, 0);
  const damage = broken > 0 ? `; ${countText(broken, 'piece')} damaged or of a later version` : '';
  if (full.length === 0 && broken === 0) return finding('DR045', 'ok', 'nothing waits', { details });
  const what = `${full.length === 0 ? 'nothing waits' : full.map(waitingText).join('; ')}${damage}`;
  if (broken === 0 && full.every(({ orphaned }) => orphaned === 0)) return finding('DR045', 'ok', what, { details });
  return finding('DR045', 'warning', what, {
    fix: 'the next process with that destination delivers it, or: npx logferry spool replay',
    details,
  });
}

function deadFinding(found: readonly Waiting[]): Finding {
  const full = found.filter(({ deadLetters, damagedFiles }) => deadLetters + damagedFiles > 0);
  const counts = full.map(({ destination, deadLetters, damagedFiles }) => ({ destination, deadLetters, damagedFiles }));
  const details = { destinations: counts };
  if (full.length === 0) return finding('DR046', 'ok', 'no record was refused for good', { details });
  const texts = full.map(({ destination, deadLetters, damagedFiles }) => {
    const files = damagedFiles > 0 ? ` and ${countText(damagedFiles, 'damaged file')}` : '';
    return `${countText(deadLetters, 'dead letter')}${files} of ${destination}`;
  });
  return finding('DR046', 'warning', texts.join('; '), {
    fix: 'see why: npx logferry spool show --dead; then spool replay --dead or spool purge --dead',
    details,
  });
}

async function contentFindings({ files, clock }: Surroundings, directory: string): Promise<readonly Finding[]> {
  const on = { files, clock, here: ownerFacts(files, 'doctor') };
  if (files.lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    return skipped(['DR045', 'DR046'], 'nothing was spooled there yet');
  }
  const folders = await foldersIn(on, directory);
  if (folders.kind !== 'ok') return skipped(['DR045', 'DR046'], folders.reason);
  const found: Waiting[] = [];
  for (const name of folders.names) found.push(await waitingIn(on, folders.root, name));
  return [waitingFinding(found), deadFinding(found)];
}

async function checkOne(on: Surroundings, options: SpoolOptions): Promise<readonly Finding[]> {
  const { directory, name = '' } = options;
  const spool = finding('DR040', 'ok', `records wait in ${directory}`, { details: { directory, name } });
  const usable = checkDirectory(on.files, directory);
  if (usable.status === 'error') {
    return [spool, usable, ...skipped(['DR042', 'DR043', 'DR044', 'DR045', 'DR046'], 'the directory cannot be used')];
  }
  return [
    spool,
    usable,
    checkWriting(on.files, directory),
    await spaceFinding(on, options),
    diskFinding(on, directory),
    ...(await contentFindings(on, directory)),
  ];
}

/** `DR040` to `DR046`: the spools, which are looked at and not changed, but for a small file that comes and goes. */
export async function checkSpools(on: Surroundings, spools: readonly SpoolOptions[]): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const options of spools) found.push(...(await checkOne(on, options)));
  if (found.length > 0) return found;
  return [
    finding('DR040', 'ok', 'records wait in memory only: a crash during an outage loses them', {
      fix: 'set LOGFERRY_SPOOL_DIR to a directory of the application’s own',
      details: { directory: null },
    }),
  ];
}
