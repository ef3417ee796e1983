import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { deadFiles, readDeadLetters } from '../delivery/spool/dead-files.ts';
import { nodeFiles, type SpoolFiles } from '../delivery/spool/files.ts';
import { DEAD_FOLDER } from '../delivery/spool/names.ts';
import { type OwnerFacts, ownerFacts } from '../delivery/spool/owner.ts';
import { readArgs } from './spool-args.ts';
import { ageText, countText, print, say, sizeText } from './spool-output.ts';
import { type Contents, contentsOf, foldersIn, instancesIn, nameIn, type Surroundings } from './spool-survey.ts';

export const help = `Usage: logferry spool ls [--dir PATH] [--json]

Lists what is in the spool: for each destination the directories of its processes, the records that wait in them, the
dead letters, and the damaged files that were set aside. Changes nothing; it may be used while applications run.

  alive     its process runs and delivers by itself
  dead      its process is gone; the next one with that destination takes over, or logferry spool replay
  released  the same, and its process has ended in order

  --dir PATH  the spool directory; default: LOGFERRY_SPOOL_DIR
  --json      one JSON object on stdout

Examples:
  logferry spool ls --dir /var/lib/shop/spool
  logferry spool ls --json | jq '.destinations[].instances[] | select(.state != "alive")'
`;

interface Instance extends Contents {
  readonly directory: string;
  readonly state: string;
  readonly adopted: boolean;
  readonly owner: Pick<OwnerFacts, 'pid' | 'hostname' | 'version'> | null;
}

interface Dead {
  readonly files: number;
  readonly bytes: number;
  readonly letters: number;
  /** Lines that cannot be read. */
  readonly skipped: number;
  readonly reasons: Readonly<Record<string, number>>;
}

interface Listed {
  readonly folder: string;
  /** As an owner gave it; null when no owner is there to say it. */
  readonly name: string | null;
  readonly instances: readonly Instance[];
  readonly dead: Dead;
  readonly damaged: { readonly files: number; readonly bytes: number };
}

async function deadIn(files: SpoolFiles, folder: string): Promise<Pick<Listed, 'dead' | 'damaged'>> {
  const found = deadFiles(files, folder);
  const letters = found.filter(({ kind }) => kind === 'letters');
  const damaged = found.filter(({ kind }) => kind === 'damaged');
  const sizeOf = (list: typeof found): number => list.reduce((sum, { bytes }) => sum + bytes, 0);
  const reasons = new Map<string, number>();
  let skipped = 0;
  for (const { path } of letters) {
    const read = await readDeadLetters(files, path);
    if (read.kind !== 'ok') continue;
    skipped += read.skipped;
    for (const { status, reason } of read.letters) {
      const key = status === undefined ? reason.slice(0, 60) : String(status);
      reasons.set(key, (reasons.get(key) ?? 0) + 1);
    }
  }
  const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  return {
    dead: {
      ...{ files: letters.length, bytes: sizeOf(letters), letters: total, skipped },
      reasons: Object.fromEntries([...reasons].sort(([, a], [, b]) => b - a)),
    },
    damaged: { files: damaged.length, bytes: sizeOf(damaged) },
  };
}

async function list(on: Surroundings, root: string, folder: string): Promise<Listed> {
  const path = join(root, folder);
  const instances: Instance[] = [];
  const found = await instancesIn(on, path);
  for (const { folder: own, path: at, state, adopted, facts } of found) {
    const owner = facts === undefined ? null : (({ pid, hostname, version }) => ({ pid, hostname, version }))(facts);
    instances.push({ directory: own, state, adopted, owner, ...(await contentsOf(on, at)) });
  }
  return { folder, name: nameIn(found) ?? null, instances, ...(await deadIn(on.files, join(path, DEAD_FOLDER))) };
}

function instanceText({ directory, state, owner, segments, bytes, waiting, ...rest }: Instance): string {
  const who = owner === null ? '' : `, pid ${owner.pid} on ${owner.hostname}`;
  const waits = waiting === 1 ? 'waits' : 'wait';
  const parts = [`${countText(waiting, 'record')} ${waits} in ${countText(segments, 'segment')}, ${sizeText(bytes)}`];
  if (rest.oldestMillis !== undefined) parts.push(`oldest ${ageText(rest.oldestMillis)}`);
  if (rest.damaged > 0) parts.push(`${countText(rest.damaged, 'line')} damaged`);
  if (rest.unreadable > 0) parts.push(`${countText(rest.unreadable, 'segment')} unreadable`);
  return `  ${directory}  ${state}${who}\n    ${parts.join('; ')}\n`;
}

function listedText({ folder, name, instances, dead, damaged }: Listed): string {
  const lines = instances.map(instanceText);
  if (dead.files > 0) {
    const reasons = Object.entries(dead.reasons).map(([reason, count]) => `${count} × ${reason}`);
    const unread = dead.skipped > 0 ? `, ${countText(dead.skipped, 'line')} unreadable` : '';
    lines.push(
      `  ${countText(dead.letters, 'dead letter')} in ${countText(dead.files, 'file')}, ${sizeText(dead.bytes)}: ${reasons.join(', ')}${unread}\n`,
    );
  }
  if (damaged.files > 0) {
    lines.push(`  ${countText(damaged.files, 'damaged file')} set aside, ${sizeText(damaged.bytes)}\n`);
  }
  const title = name === null ? folder : `${folder} (${JSON.stringify(name)})`;
  return `${title}\n${lines.length > 0 ? lines.join('') : '  nothing\n'}`;
}

export async function run(argv: readonly string[]): Promise<number> {
  const args = readArgs(argv, { json: 'boolean' });
  const on = { files: nodeFiles, clock: systemClock, here: ownerFacts(nodeFiles, 'spool') };
  const folders = await foldersIn(on, args.directory);
  if (folders.kind !== 'ok') {
    say(folders.reason);
    return 1;
  }
  const destinations: Listed[] = [];
  for (const name of folders.names) destinations.push(await list(on, folders.root, name));
  if (args.flag('json')) await print(`${JSON.stringify({ directory: args.directory, destinations })}\n`);
  else if (destinations.length === 0) say(`nothing was spooled in ${args.directory} yet`);
  else await print(destinations.map(listedText).join('\n'));
  return 0;
}
