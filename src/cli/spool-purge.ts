import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { deadFiles } from '../delivery/spool/dead-files.ts';
import { nodeFiles, type SpoolFiles } from '../delivery/spool/files.ts';
import { DEAD_FOLDER, parseSegment } from '../delivery/spool/names.ts';
import { adoptOrphan } from '../delivery/spool/orphans.ts';
import { errorCode, ownerFacts } from '../delivery/spool/owner.ts';
import { createInstance, removeInstance } from '../delivery/spool/root.ts';
import { durationOf, isOfPlatform, readArgs, type SpoolArgs, Usage, unknown } from './spool-args.ts';
import { ageText, countText, print, say, sizeText } from './spool-output.ts';
import { contentsOf, foldersIn, instancesIn, type Surroundings } from './spool-survey.ts';

export const help = `Usage: logferry spool purge (--dead | --orphans | --all) [options] --yes

Deletes records for good. Without --yes it only says what it would delete, and exits with 1. What living processes own
is never touched.

  --dead             dead letters, and the damaged files that were set aside
  --orphans          what dead processes have left and nobody has delivered yet
  --all              both
  --older-than TIME  only what was last written to longer ago, e.g. 12h or 7d
  --platform NAME    only the destinations of this platform
  --yes              do it
  --dir PATH         the spool directory; default: LOGFERRY_SPOOL_DIR

Examples:
  logferry spool purge --dead --older-than 7d
  logferry spool purge --orphans --platform redarch --yes
`;

/** Something that may be deleted. */
interface Item {
  readonly label: string;
  readonly describe: () => Promise<string>;
  readonly writtenMillis: number;
  /** The code of the error when it could not be deleted. */
  readonly remove: () => Promise<string | undefined>;
}

interface Wish {
  readonly dead: boolean;
  readonly orphans: boolean;
  readonly olderMillis: number;
  readonly platform: string | undefined;
  readonly yes: boolean;
}

function wishOf(args: SpoolArgs): Wish {
  const all = args.flag('all');
  const wish = { dead: all || args.flag('dead'), orphans: all || args.flag('orphans'), yes: args.flag('yes') };
  if (!wish.dead && !wish.orphans) throw new Usage('say what to delete: --dead, --orphans or --all');
  const older = args.text('older-than');
  return {
    ...wish,
    olderMillis: older === undefined ? 0 : durationOf('older-than', older),
    platform: args.text('platform'),
  };
}

async function attempt(action: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? undefined : code;
  }
}

function deadItems(files: SpoolFiles, destination: string, folder: string): readonly Item[] {
  return deadFiles(files, join(destination, DEAD_FOLDER)).map(({ kind, name, path, bytes, writtenMillis }) => ({
    label: `${folder}/${DEAD_FOLDER}/${name}`,
    describe: async () => `${kind === 'letters' ? 'dead letters' : 'damaged file'}, ${sizeText(bytes)}`,
    writtenMillis,
    remove: () => attempt(() => files.promises.unlink(path)),
  }));
}

/** When the directory was last written to: the youngest of its segments, or it was made. */
async function lastWritten(files: SpoolFiles, path: string): Promise<number> {
  const names = (await files.promises.readdir(path).catch(() => [])).filter((name) => parseSegment(name) !== undefined);
  const stats = await Promise.all(
    [path, ...names.map((name) => join(path, name))].map((file) => files.promises.lstat(file).catch(() => undefined)),
  );
  const [made, ...segments] = stats.map((found) => found?.mtimeMs ?? 0);
  return segments.length > 0 ? Math.max(...segments) : (made ?? 0);
}

async function orphanItems(on: Surroundings, destination: string, folder: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const { folder: instance, path, state } of await instancesIn(on, destination)) {
    if (state === 'alive') continue;
    items.push({
      label: `${folder}/${instance}`,
      describe: async () => {
        const { waiting, bytes, oldestMillis } = await contentsOf(on, path);
        const age = oldestMillis === undefined ? '' : `, oldest ${ageText(oldestMillis)}`;
        return `${countText(waiting, 'record')}, ${sizeText(bytes)}${age}`;
      },
      writtenMillis: await lastWritten(on.files, path),
      remove: () => removeOrphan(on, destination, instance),
    });
  }
  return items;
}

/** Takes the directory over as an application would, so that none reads it meanwhile, and deletes what is in it. */
async function removeOrphan(on: Surroundings, destination: string, instance: string): Promise<string | undefined> {
  const { files, clock, here } = on;
  const own = createInstance(files, destination, here, clock);
  if (own.kind !== 'ok') return own.code;
  try {
    const adoption = await adoptOrphan(files, destination, instance, own.instance);
    // Another process was faster, and delivers it.
    if (adoption.kind === 'lost') return 'taken over by another process';
    if (adoption.kind === 'failed') return adoption.code;
    const names = await files.promises.readdir(adoption.path);
    for (const name of names) {
      if (parseSegment(name) === undefined) continue;
      const code = await attempt(() => files.promises.unlink(join(adoption.path, name)));
      if (code !== undefined) return code;
    }
    const removed = removeInstance(files, adoption.path);
    if (removed.kind === 'ok') return undefined;
    return removed.code === 'ENOTEMPTY' ? 'there are files in it that are not of the spool' : removed.code;
  } finally {
    removeInstance(files, own.path);
  }
}

async function itemsIn(on: Surroundings, args: SpoolArgs, wish: Wish): Promise<readonly Item[] | string> {
  const folders = await foldersIn(on, args.directory);
  if (folders.kind !== 'ok') return folders.reason;
  const wanted = folders.names.filter((name) => isOfPlatform(name, wish.platform));
  if (wish.platform !== undefined && wanted.length === 0) throw unknown('destination', wish.platform, folders.names);
  const items: Item[] = [];
  for (const folder of wanted) {
    const destination = join(folders.root, folder);
    if (wish.dead) items.push(...deadItems(on.files, destination, folder));
    if (wish.orphans) items.push(...(await orphanItems(on, destination, folder)));
  }
  const before = on.clock.wallNow() - wish.olderMillis;
  return items.filter(({ writtenMillis }) => wish.olderMillis === 0 || writtenMillis <= before);
}

export async function run(argv: readonly string[]): Promise<number> {
  const kinds = { dead: 'boolean', orphans: 'boolean', all: 'boolean', yes: 'boolean' } as const;
  const args = readArgs(argv, { ...kinds, 'older-than': 'string', platform: 'string' });
  const wish = wishOf(args);
  const on = { files: nodeFiles, clock: systemClock, here: ownerFacts(nodeFiles, 'spool') };
  const items = await itemsIn(on, args, wish);
  if (typeof items === 'string') {
    say(items);
    return 1;
  }
  let failed = false;
  for (const { label, describe, remove } of items) {
    const text = `${label}: ${await describe()}`;
    const problem = wish.yes ? await remove() : undefined;
    if (problem === undefined) await print(`${wish.yes ? 'deleted' : 'would delete'} ${text}\n`);
    else say(`${label} is not deleted: ${problem}`);
    failed ||= problem !== undefined;
  }
  if (items.length === 0) say('nothing to delete');
  else if (!wish.yes) say('nothing was deleted; add --yes to do it');
  return failed || (items.length > 0 && !wish.yes) ? 1 : 0;
}
