import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Levels } from './levels.ts';
import { parseLevels } from './text.ts';

/** How levels are changed from outside while the process runs; `controlLevels` sees to it. */
export interface LevelControl {
  /** `LOGFERRY_LEVELS_FILE`: its path, and its text as it was read; undefined while there is none. */
  readonly file?: { readonly path: string; readonly text: string | undefined };
  /** `LOGFERRY_LEVEL_SIGNAL` */
  readonly signal?: 'SIGUSR2' | 'SIGHUP';
}

/** How often the levels file is looked at. */
const LOOK_MILLIS = 2_000;
const LARGEST_FILE = 65_536;
const FILE = 'LOGFERRY_LEVELS_FILE';

/** What there is to say, one line each. */
type Say = (line: string) => void;

/** Text of a file; undefined when there is none, an error code when it cannot be read. */
async function textOf(path: string): Promise<{ readonly text: string | undefined } | { readonly code: string }> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE) return { code: 'too large' };
    return { text: await readFile(path, 'utf8') };
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { text: undefined } : { code };
  }
}

/** A levels file and what it said last. */
class LevelsFile {
  readonly #levels: Levels;
  readonly #say: Say;
  readonly #path: string;
  #text: string | undefined;
  #failure: string | undefined;

  constructor(levels: Levels, { path, text }: NonNullable<LevelControl['file']>, say: Say) {
    this.#levels = levels;
    this.#path = path;
    this.#text = text;
    this.#say = say;
  }

  /** Takes over what has changed; what cannot be read leaves the levels as they are. */
  async look(): Promise<void> {
    const found = await textOf(this.#path);
    const failure = 'code' in found ? found.code : undefined;
    if (failure !== undefined && failure !== this.#failure) {
      this.#say(`logferry LF016 ${FILE} cannot be read (${failure}): the levels stay as they are`);
    }
    this.#failure = failure;
    if ('code' in found || found.text === this.#text) return;
    this.#text = found.text;
    this.#follow(found.text);
  }

  #follow(text: string | undefined): void {
    const { levels, malformed } = parseLevels(text ?? '');
    this.#levels.follow(levels);
    if (malformed > 0) {
      this.#say(`logferry LF016 ${FILE} has ${malformed} parts that cannot be read: use lines such as db.*=warn`);
    }
    const count = Object.keys(levels).length;
    this.#say(
      `logferry: ${FILE} has changed: ${count === 0 ? 'no level' : `${count} level${count > 1 ? 's' : ''}`} from it`,
    );
  }
}

async function followFile(file: LevelsFile, clock: Clock, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await clock.sleep(LOOK_MILLIS, stopped);
    if (!stopped.aborted) await file.look();
  }
}

function onSignal(signal: NodeJS.Signals, levels: Levels, say: Say): () => void {
  let lowered = false;
  const toggle = (): void => {
    lowered = !lowered;
    levels.lower(lowered ? 'debug' : undefined);
    say(
      `logferry: ${signal}: ${lowered ? 'everything from debug on is sent, until the next one' : 'levels as before'}`,
    );
  };
  process.on(signal, toggle);
  return () => process.off(signal, toggle);
}

/** What is followed, and how. */
export interface LevelControlling {
  readonly levels: Levels;
  readonly levelControl: LevelControl;
  /** Takes one line for each change; it must not throw. */
  readonly say: Say;
  /** Default: the real one. */
  readonly clock?: Clock;
}

/**
 * Changes levels as the levels file and the signal of the environment say, until the returned function is called: the
 * file is looked at every two seconds and may come and go, the signal lets everything pass from `debug` on and back.
 * Neither keeps the process alive. Without file and signal nothing is listened to.
 */
export function controlLevels({ levels, levelControl, say, clock = systemClock }: LevelControlling): () => void {
  const stopped = new AbortController();
  const { file, signal } = levelControl;
  if (file !== undefined) void followFile(new LevelsFile(levels, file, say), clock, stopped.signal);
  const forget = signal === undefined ? undefined : onSignal(signal, levels, say);
  return () => {
    stopped.abort();
    forget?.();
  };
}
