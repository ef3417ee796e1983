import { destinationFolder } from '../delivery/spool/names.ts';
import { resourceAttributes } from '../resource.ts';
import type { SpoolArgs } from './spool-args.ts';

/**
 * The spool name of the application: `--name`, else `LOGFERRY_SPOOL_NAME`, else what `logferry/register` would take, the
 * service name; or none, when only the folder without a name is there.
 *
 * @param folders those of destinations that are in the spool.
 */
export function spoolNameOf(args: SpoolArgs, folders: readonly string[], platforms: readonly string[]): string {
  const given = args.text('name') ?? (process.env.LOGFERRY_SPOOL_NAME?.trim() || undefined);
  if (given !== undefined) return given;
  const service = String(resourceAttributes(process.env, undefined)['service.name']);
  const isThere = (name: string): boolean =>
    platforms.some((platform) => folders.includes(destinationFolder(platform, name)));
  return !isThere(service) && isThere('') ? '' : service;
}

/** The spool name in a sentence. */
export function spoolNameText(name: string): string {
  return name === '' ? 'no spool name' : `the spool name ${JSON.stringify(name)}`;
}

/** The lanes of a platform. */
export function lanesOf(platform: string): readonly string[] {
  return platform === 'odysseus' ? ['logs', 'events'] : ['logs'];
}
