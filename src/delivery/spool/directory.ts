import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import { destinationFolder, segmentName } from './names.ts';
import { type OwnerFacts, ownerFacts } from './owner.ts';
import {
  createInstance,
  type Instance,
  isStillOurs,
  openDestination,
  openRoot,
  releaseInstance,
  removeInstance,
  touchHeartbeat,
} from './root.ts';

export interface DirectoryOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** As the user gave it. */
  readonly directory: string;
  readonly platform: string;
  readonly name: string;
}

/** Why there is no directory to write to, in words that tell how to put it right. */
export interface Unusable {
  readonly code: string;
  readonly reason: string;
}

/**
 * This process's own directory below a destination's, and its numbering of segments. Opening again makes a new one:
 * after the old one was taken over by another process, deleted, or left.
 */
export class SpoolDirectory {
  readonly #options: DirectoryOptions;
  readonly facts: OwnerFacts;
  #instance: Instance | undefined;
  #destination: string | undefined;
  #root: string | undefined;
  #sequence = 0;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.facts = ownerFacts(options.files, options.platform, options.name);
  }

  /** The folder of the destination, once it was opened. */
  get destination(): string | undefined {
    return this.#destination;
  }

  get root(): string | undefined {
    return this.#root;
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  /** Opens the directory; undefined when it can be used. */
  open(): Unusable | undefined {
    const { files, clock, directory, platform, name } = this.#options;
    const root = openRoot(files, directory);
    if (root.kind !== 'ok') return root;
    const destination = openDestination(files, root.path, destinationFolder(platform, name));
    if (destination.kind !== 'ok') return destination;
    const instance = createInstance(files, destination.path, this.facts, clock);
    if (instance.kind !== 'ok') {
      return {
        code: instance.code,
        reason: `spool directory ${JSON.stringify(directory)} cannot be written to (${instance.code}); check its permissions and the space left`,
      };
    }
    this.#root = root.path;
    this.#destination = destination.path;
    this.#instance = instance;
    this.#sequence = 0;
    return undefined;
  }

  /** Whether it is still the one that was opened: another process may have taken us for dead. */
  isOurs(): boolean {
    const instance = this.#instance;
    return instance !== undefined && isStillOurs(this.#options.files, instance.path, instance.ino, instance.dev);
  }

  /** It is not ours any more. */
  forget(): void {
    this.#instance = undefined;
  }

  nextSegment(lane: string): { readonly path: string; readonly sequence: number } | undefined {
    if (this.#instance === undefined) return undefined;
    const sequence = this.#sequence;
    this.#sequence += 1;
    return { path: join(this.#instance.path, segmentName(sequence, lane)), sequence };
  }

  touch(): void {
    if (this.#instance !== undefined) touchHeartbeat(this.#options.files, this.#instance.path, this.#options.clock);
  }

  /** Leaves: removed when it is empty, free for whoever comes next when it is not. */
  close(empty: boolean): void {
    const instance = this.#instance;
    this.#instance = undefined;
    if (instance === undefined) return;
    const { files } = this.#options;
    if (!empty || removeInstance(files, instance.path).kind === 'failed') releaseInstance(files, instance.path);
  }
}
