import { escapeControls } from './sink-output.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
const AGES = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Writes data to stdout and waits until it is taken; false once its reader has gone (`| head`). */
export function print(text: string): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed || stdout.errored !== null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = (): void => resolve(false);
    stdout.once('error', gone);
    stdout.write(text, (error) => {
      // Node calls back before it emits the error, which must find its listener.
      if (error) return;
      stdout.off('error', gone);
      resolve(true);
    });
  });
}

/** One line to stderr. */
export function say(text: string): void {
  process.stderr.write(`logferry spool: ${escapeControls(text)}\n`);
}

/** A record for stdout: as it is, but on a terminal nothing of it is obeyed; in JSON an escape means the same. */
export function recordLine(text: string): string {
  return `${process.stdout.isTTY === true ? escapeControls(text) : text}\n`;
}

/** A size for people: `512 B`, `1.4 MB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** An age for people, in its largest unit: `3 h`. */
export function ageText(millis: number): string {
  const [name, unit] = AGES.find(([, length]) => millis >= length) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(millis / unit))} ${name}`;
}

/** `1 file`, `2 files`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
