import { arch, hostname, networkInterfaces, release, type } from 'node:os';
import { basename } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Attributes } from '../record/record.ts';
import { integerAttribute, textAttribute } from '../record/record.ts';

/** What the process knows of itself; read once. */
export interface RuntimeFacts {
  readonly node_version: string;
  /** As Python's `platform.platform()`: system, release, architecture. */
  readonly platform: string;
  /** `Linux`, `Darwin`, `Windows`. */
  readonly system: string;
  readonly hostname: string;
  readonly ip?: string;
  readonly process_id: number;
  readonly thread_id: number;
  readonly main_file?: string;
}

/** The first address that other machines can see; no name is looked up for it. */
function firstExternalAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const external = addresses.filter(({ internal }) => !internal);
  return (external.find(({ family }) => family === 'IPv4') ?? external[0])?.address;
}

/** The facts of this process; `ip` only when asked for. */
export function runtimeFacts(includeIp: boolean): RuntimeFacts {
  const system = type() === 'Windows_NT' ? 'Windows' : type();
  const ip = includeIp ? firstExternalAddress() : undefined;
  const main = process.argv[1];
  return {
    node_version: process.versions.node,
    platform: `${system}-${release()}-${arch()}`,
    system,
    hostname: hostname(),
    ...(ip !== undefined && { ip }),
    process_id: process.pid,
    thread_id: threadId,
    ...(main !== undefined && main !== '' && { main_file: basename(main) }),
  };
}

/**
 * `runtime_context`: what the resource says of the process, else the facts of this one. Keys and order are the
 * official client's, with `node_version` in the place of its Python pair.
 */
export function runtimeContext(resource: Attributes, facts: RuntimeFacts): Readonly<Record<string, unknown>> {
  const command = textAttribute(resource, 'process.command');
  const system = textAttribute(resource, 'os.type');
  return {
    ...facts,
    node_version: textAttribute(resource, 'process.runtime.version')?.replace(/^v/, '') ?? facts.node_version,
    platform: textAttribute(resource, 'os.description') ?? facts.platform,
    system: system === undefined ? facts.system : system.charAt(0).toUpperCase() + system.slice(1),
    hostname: textAttribute(resource, 'host.name') ?? facts.hostname,
    process_id: integerAttribute(resource, 'process.pid') ?? facts.process_id,
    thread_id: integerAttribute(resource, 'thread.id') ?? facts.thread_id,
    ...(command !== undefined && { main_file: basename(command) }),
  };
}
