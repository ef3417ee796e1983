import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { DeadLetterFiles } from '../../src/delivery/spool/dead-letters.ts';
import { nodeFiles } from '../../src/delivery/spool/files.ts';
import { DEAD_FOLDER, destinationFolder, OWNER_FILE } from '../../src/delivery/spool/names.ts';
import { type OfflineRecord, writeOrphan } from '../../src/delivery/spool/offline.ts';
import { ownerFacts } from '../../src/delivery/spool/owner.ts';
import { createInstance, openDestination, openRoot } from '../../src/delivery/spool/root.ts';

// The built program, as users run it.
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly onStart?: (pid: number) => void;
  /** What it has said so far, every time it says something. */
  readonly onStderr?: (text: string) => void;
}

/** Runs `logferry spool …` to its end, with nothing in its environment but what is given. */
export function spool(args: readonly string[], { env = {}, cwd, onStart, onStderr }: RunOptions = {}): Promise<Ended> {
  if (!fs.existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [MAIN, 'spool', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  onStart?.(child.pid as number);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    onStderr?.(stderr);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

export const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Every file below a folder, by its path in it, with its text. */
export function tree(folder: string): Record<string, string> {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.flatMap((path) => {
      const at = join(folder, path);
      return fs.statSync(at).isFile() ? [[path, fs.readFileSync(at, 'latin1')]] : [];
    }),
  );
}

export function temporary(): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'logferry-cli-'));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Waits for the next millisecond, so that directories are in the order they were made. */
function tick(): void {
  for (const now = Date.now(); Date.now() === now; );
}

/** A spool in a directory of its own, and what processes may have left in it. */
export class SpoolRig {
  readonly directory = join(temporary(), 'spool');
  readonly root: string;

  constructor() {
    const root = openRoot(nodeFiles, this.directory);
    if (root.kind !== 'ok') throw new Error(root.reason);
    this.root = root.path;
  }

  destination(platform: string, name?: string): string {
    const opened = openDestination(nodeFiles, this.root, destinationFolder(platform, name));
    if (opened.kind !== 'ok') throw new Error(opened.reason);
    return opened.path;
  }

  /** What a process that ended in order has left; the name of its directory. */
  async orphan(
    platform: string,
    texts: readonly string[],
    { name, lane = 'logs' }: { name?: string; lane?: string } = {},
  ) {
    const destinationPath = this.destination(platform, name);
    const before = fs.readdirSync(destinationPath);
    async function* records(): AsyncGenerator<OfflineRecord> {
      for (const text of texts) yield { lane, text };
    }
    const facts = ownerFacts(nodeFiles, platform, name);
    tick();
    await writeOrphan({ files: nodeFiles, clock: systemClock, destinationPath, facts, records: records() });
    return fs.readdirSync(destinationPath).find((folder) => !before.includes(folder)) as string;
  }

  /** A directory of this process, which lives, with a segment in it; its name. */
  async living(platform: string, texts: readonly string[], name?: string): Promise<string> {
    const destination = this.destination(platform, name);
    tick();
    const instance = createInstance(nodeFiles, destination, ownerFacts(nodeFiles, platform, name), systemClock);
    if (instance.kind !== 'ok') throw new Error(instance.code);
    const orphan = join(destination, await this.orphan(platform, texts, name === undefined ? {} : { name }));
    for (const file of fs.readdirSync(orphan).filter((file) => file.endsWith('.seg'))) {
      fs.renameSync(join(orphan, file), join(instance.path, file));
    }
    fs.rmSync(orphan, { recursive: true });
    return instance.instance;
  }

  /** The same of a process that was killed. */
  async killed(platform: string, texts: readonly string[], name?: string): Promise<string> {
    const instance = await this.living(platform, texts, name);
    const owner = join(this.destination(platform, name), instance, OWNER_FILE);
    // Long before this machine was started.
    const facts = { ...ownerFacts(nodeFiles, platform, name), bootId: 'another' };
    fs.writeFileSync(owner, JSON.stringify(facts));
    fs.utimesSync(owner, 0, 0);
    return instance;
  }

  /** Dead letters of one writer. */
  deadLetters(
    platform: string,
    letters: readonly { text: string; reason: string; lane?: string }[],
    name?: string,
  ): void {
    const dead = new DeadLetterFiles({ files: nodeFiles, clock: systemClock, maxBytes: 16_777_216 });
    const folder = join(this.destination(platform, name), DEAD_FOLDER);
    this.#writers += 1;
    const writer = `mjwaid1k-${this.#writers}-0-0000000a`;
    for (const { text, reason, lane = 'logs' } of letters) dead.write(folder, writer, { platform, lane, reason, text });
  }
  #writers = 0;

  /** Runs `logferry spool …` on it. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return spool([...args, '--dir', this.directory], options);
  }
}
