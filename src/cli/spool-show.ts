import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { deadFiles, readDeadLetters } from '../delivery/spool/dead-files.ts';
import { nodeFiles } from '../delivery/spool/files.ts';
import { DEAD_FOLDER } from '../delivery/spool/names.ts';
import { ownerFacts } from '../delivery/spool/owner.ts';
import { readTexts } from '../delivery/spool/recovery.ts';
import { countOf, readArgs, type SpoolArgs, Usage, unknown } from './spool-args.ts';
import { countText, print, recordLine, say } from './spool-output.ts';
import { foldersIn, instancesIn, type Surroundings, segmentsIn } from './spool-survey.ts';

export const help = `Usage: logferry spool show [DESTINATION[/INSTANCE]] [--dead] [--limit N] [--dir PATH]

Prints records that wait, oldest first, one line of JSON each, as they will be sent. Changes nothing.
DESTINATION and INSTANCE are the names that logferry spool ls prints; default: all.

  --dead      the dead letters instead, each with time, lane, reason and record
  --limit N   N lines at most
  --dir PATH  the spool directory; default: LOGFERRY_SPOOL_DIR

Examples:
  logferry spool show --dir /var/lib/shop/spool --limit 10
  logferry spool show redarch
  logferry spool show --dead | jq -r '.reason'
`;

interface Place {
  readonly path: string;
  readonly instance: string | undefined;
}

async function* records(on: Surroundings, { path, instance }: Place): AsyncGenerator<string> {
  for (const { folder, path: at } of await instancesIn(on, path)) {
    if (instance !== undefined && folder !== instance) continue;
    for await (const found of segmentsIn(on, at)) {
      // Its owner may have delivered and deleted the file meanwhile.
      if (found !== undefined) yield* await readTexts(on.files, found.segment).catch(() => []);
    }
  }
}

async function* deadLetters(on: Surroundings, { path, instance }: Place): AsyncGenerator<string> {
  for (const file of deadFiles(on.files, join(path, DEAD_FOLDER))) {
    if (file.kind !== 'letters' || (instance !== undefined && !file.name.startsWith(`${instance}-`))) continue;
    const read = await readDeadLetters(on.files, file.path);
    if (read.kind !== 'ok') continue;
    if (read.skipped > 0) say(`${file.path}: ${countText(read.skipped, 'line')} torn or foreign, left out`);
    for (const { line } of read.letters) yield line;
  }
}

/** The folders that were asked for. Throws `Usage` for what is not there. */
async function places(on: Surroundings, root: string, names: readonly string[], args: SpoolArgs) {
  const [asked, ...more] = args.positionals;
  if (more.length > 0) throw new Usage('name one destination or none');
  const [destination, instance = ''] = asked?.split('/') ?? [];
  if (destination !== undefined && !names.includes(destination)) throw unknown('destination', destination, names);
  const wanted = destination === undefined ? names : [destination];
  // Dead letters outlive the directory of their writer.
  if (instance !== '' && !args.flag('dead')) {
    const known = (await instancesIn(on, join(root, destination ?? ''))).map(({ folder }) => folder);
    if (!known.includes(instance)) throw unknown('instance', instance, known);
  }
  return wanted.map((folder): Place => ({ path: join(root, folder), instance: instance || undefined }));
}

export async function run(argv: readonly string[]): Promise<number> {
  const args = readArgs(argv, { dead: 'boolean', limit: 'string' }, true);
  const limit = args.text('limit');
  let left = limit === undefined ? Number.POSITIVE_INFINITY : countOf('limit', limit);
  const on = { files: nodeFiles, clock: systemClock, here: ownerFacts(nodeFiles, 'spool') };
  const folders = await foldersIn(on, args.directory);
  if (folders.kind !== 'ok') {
    say(folders.reason);
    return 1;
  }
  for (const place of await places(on, folders.root, folders.names, args)) {
    for await (const text of args.flag('dead') ? deadLetters(on, place) : records(on, place)) {
      if (left <= 0 || !(await print(recordLine(text)))) return 0;
      left -= 1;
    }
  }
  return 0;
}
