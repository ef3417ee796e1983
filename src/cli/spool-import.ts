import { systemClock } from '../clock.ts';
import { nodeFiles } from '../delivery/spool/files.ts';
import { destinationFolder } from '../delivery/spool/names.ts';
import { writeOrphan } from '../delivery/spool/offline.ts';
import { ownerFacts } from '../delivery/spool/owner.ts';
import { openDestination, openRoot } from '../delivery/spool/root.ts';
import { platformOf, readArgs, type SpoolArgs, Usage } from './spool-args.ts';
import { finish, type Progress, recordsOf } from './spool-import-files.ts';
import { CLIENT_BUFFERS, sourcesOf } from './spool-import-sources.ts';
import { lanesOf, spoolNameOf, spoolNameText } from './spool-name.ts';
import { countText, print, say } from './spool-output.ts';
import { foldersIn } from './spool-survey.ts';

export const help = `Usage: logferry spool import FILE-OR-DIRECTORY... --platform NAME [options]

Takes over records that the official clients have left on disk. They go to the spool, from where the next start of the
application, or logferry spool replay, delivers them. The files are only read; afterwards each is renamed to
<name>.imported, so that it is imported once. Stop the official client first. In directories these names are looked for:

  redarch   buffer.jsonl, buffer_<pid>.jsonl, rotated and half-sent ones
  odysseus  logs/NNNNNN.jsonl and events/NNNNNN.jsonl (Android), logs.jsonl and events.jsonl (C#)
  loggier   loggier_cache.db (needs Node 22.13 or later)

LogTide's and Trakerr's clients keep nothing on disk. Text that is no JSON object is named with file and line and left.

  --platform NAME  redarch, odysseus or loggier
  --lane LANE      logs or events, for Odysseus files whose path does not tell
  --name NAME      spool name of the application; default: LOGFERRY_SPOOL_NAME, else the service name, as the
                   application has it (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, package.json here); '' is none
  --keep           do not rename the files
  --dir PATH       the spool directory; default: LOGFERRY_SPOOL_DIR

Examples:
  logferry spool import var/log/shop --platform redarch --dir /var/lib/shop/spool --name shop
  logferry spool import old/000001.jsonl --platform odysseus --lane events
`;

function platformWith(args: SpoolArgs): string {
  const given = args.text('platform');
  if (given === undefined) throw new Usage('say whose client it was: --platform redarch, odysseus or loggier');
  const platform = platformOf(given);
  if (platform in CLIENT_BUFFERS) return platform;
  throw new Usage(`the clients of ${platform} keep nothing on disk, so there is nothing to import`);
}

function laneWith(args: SpoolArgs, platform: string): string | undefined {
  const lane = args.text('lane');
  if (lane === undefined || lanesOf(platform).includes(lane)) return lane;
  throw new Usage(`--lane ${JSON.stringify(lane)}: ${platform} has ${lanesOf(platform).join(' and ')}`);
}

/** The folder of the destination, made when it is missing; what is wrong with it was said. */
async function destinationOf(directory: string, platform: string, args: SpoolArgs) {
  const on = { files: nodeFiles, clock: systemClock, here: ownerFacts(nodeFiles, platform) };
  const root = openRoot(nodeFiles, directory);
  const folders = root.kind === 'ok' ? await foldersIn(on, directory) : undefined;
  const name = spoolNameOf(args, folders?.kind === 'ok' ? folders.names : [], [platform]);
  const destination =
    root.kind === 'ok' ? openDestination(nodeFiles, root.path, destinationFolder(platform, name)) : root;
  if (destination.kind === 'ok') return { path: destination.path, name };
  say(destination.reason);
  return undefined;
}

export async function run(argv: readonly string[]): Promise<number> {
  const args = readArgs(argv, { platform: 'string', lane: 'string', name: 'string', keep: 'boolean' }, true);
  const platform = platformWith(args);
  const lane = laneWith(args, platform);
  if (args.positionals.length === 0) throw new Usage('name the files or directories to import');
  const progress = sourcesOf(platform, args.positionals, lane).map(
    (source): Progress => ({ source, imported: 0, complaints: 0, bytes: undefined }),
  );
  if (progress.length === 0) {
    say(`nothing to import: no ${CLIENT_BUFFERS[platform]?.pattern} that was not imported before`);
    return 0;
  }
  const destination = await destinationOf(args.directory, platform, args);
  if (destination === undefined) return 1;
  const { path: destinationPath, name } = destination;
  const written = await writeOrphan({
    ...{ files: nodeFiles, clock: systemClock, destinationPath },
    facts: ownerFacts(nodeFiles, platform, name),
    records: recordsOf(progress),
  });
  if (written.kind === 'failed') {
    say(written.code === 'UNKNOWN' ? 'nothing was imported' : `nothing was imported (${written.code})`);
    return 1;
  }
  let whole = true;
  for (const file of progress) {
    const { done, text } = finish(file, args.flag('keep'));
    whole &&= done;
    await print(`${text}\n`);
  }
  if (written.records > 0) {
    say(
      `${countText(written.records, 'record')} for ${platform} with ${spoolNameText(name)}: the next start of such an application delivers them, or logferry spool replay`,
    );
  }
  return whole ? 0 : 1;
}
