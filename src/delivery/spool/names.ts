import { createHash } from 'node:crypto';

/** Folder of format version 1 inside the user's directory; a later format takes another and leaves this one alone. */
export const ROOT_FOLDER = 'logferry-v1';
/** Dead letters of a destination, beside its instances. */
export const DEAD_FOLDER = 'dead';
/** Who owns an instance; its modification time is the heartbeat. */
export const OWNER_FILE = 'owner.json';
/** Stands in for `owner.json` when the owner has left with data behind. */
export const RELEASED_FILE = 'released';

const PLAIN = /^[a-z][a-z0-9_-]{0,31}$/;
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;
const LOOKS_HASHED = /^hashed_[0-9a-f]{8}$|-[0-9a-f]{8}$/;
const LANE = /^[a-z]{1,16}$/;
const INSTANCE = /^(0|[1-9a-z][0-9a-z]{0,10})-(?:0|[1-9]\d{0,9})-(?:0|[1-9]\d{0,9})-[0-9a-f]{8}$/;
const ADOPTION = '.adopt-';
const TEMPORARY = '.new-';
const SEGMENT = /^(\d{8}|[1-9]\d{8,14})-([a-z]{1,16})\.(seg|seg\.gz|ack)$/;
const KINDS = { seg: 'segment', 'seg.gz': 'gzip', ack: 'ack' } as const;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * The folder of a destination: `<platform>`, or `<platform>-<hash of name>` when the user gave its spool a name. A
 * platform that is no plain lower-case word is hashed as well, so no text of anybody's reaches a path.
 */
export function destinationFolder(platform: string, name?: string): string {
  // A platform that looks like the result of hashing could otherwise share the folder of another one.
  const plain = PLAIN.test(platform) && !DEVICE.test(platform) && !LOOKS_HASHED.test(platform);
  const stem = plain ? platform : `hashed_${hashOf(platform)}`;
  return name === undefined || name === '' ? stem : `${stem}-${hashOf(name)}`;
}

/** What the name of an instance is made of. */
export interface InstanceParts {
  /** When it was made, milliseconds since the Unix epoch. */
  readonly wallMillis: number;
  readonly pid: number;
  readonly threadId: number;
  /** Eight hex digits, different each time. */
  readonly random: string;
}

/** The folder of an instance: time in base 36, process, thread, eight random hex digits. */
export function instanceName({ wallMillis, pid, threadId, random }: InstanceParts): string {
  return `${Math.max(0, Math.trunc(wallMillis)).toString(36)}-${pid}-${threadId}-${random}`;
}

/** When an instance was made, by its name; milliseconds since the Unix epoch. */
export function instanceMillis(instance: string): number {
  return Number.parseInt(instance, 36);
}

/** A folder of segments: one that its maker still owns, or one of `original` that `owner` has taken over. */
export type InstanceFolder =
  | { readonly kind: 'instance'; readonly instance: string }
  | { readonly kind: 'adopted'; readonly owner: string; readonly original: string };

function isInstance(text: string): boolean {
  const match = INSTANCE.exec(text);
  return match !== null && Number.isSafeInteger(Number.parseInt(match[1] as string, 36));
}

/** What a folder is, by its name; `undefined` is foreign: never read, never deleted. */
export function parseInstance(folder: string): InstanceFolder | undefined {
  const at = folder.indexOf(ADOPTION);
  if (at === -1) return isInstance(folder) ? { kind: 'instance', instance: folder } : undefined;
  const owner = folder.slice(0, at);
  const original = folder.slice(at + ADOPTION.length);
  return isInstance(owner) && isInstance(original) ? { kind: 'adopted', owner, original } : undefined;
}

/** The folder of `original` once `owner` has taken it over, from whomever. */
export function adoptedName(owner: string, original: string): string {
  return `${owner}${ADOPTION}${original}`;
}

/** Where an instance is put together before it gets its name. */
export function temporaryName(instance: string): string {
  return `${TEMPORARY}${instance}`;
}

/** The instance that was being put together in `folder`, if it is such a folder. */
export function parseTemporary(folder: string): string | undefined {
  if (!folder.startsWith(TEMPORARY)) return undefined;
  const instance = folder.slice(TEMPORARY.length);
  return isInstance(instance) ? instance : undefined;
}

/** A file of an instance that is part of the format. */
export interface SegmentFile {
  /** Rises over all lanes of an instance. */
  readonly sequence: number;
  /** One to sixteen lower-case letters. */
  readonly lane: string;
  readonly kind: 'segment' | 'gzip' | 'ack';
}

/** Hex digits turned into letters, so that what is named by them can be read back. */
function lettersOf(hex: string): string {
  return hex.replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] as string);
}

/** The file of a segment, compressed or not. A lane that is not one to sixteen lower-case letters is hashed. */
export function segmentName(sequence: number, lane: string, gz = false): string {
  const letters = LANE.test(lane) ? lane : lettersOf(hashOf(lane));
  return `${String(sequence).padStart(8, '0')}-${letters}.seg${gz ? '.gz' : ''}`;
}

/** What a file is, by its name; `undefined` is foreign: never read, never deleted. */
export function parseSegment(file: string): SegmentFile | undefined {
  const match = SEGMENT.exec(file);
  if (match === null) return undefined;
  const [, sequence, lane, ending] = match as unknown as [string, string, string, keyof typeof KINDS];
  return { sequence: Number(sequence), lane, kind: KINDS[ending] };
}
