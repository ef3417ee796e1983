import { readFileSync } from 'node:fs';
import { type PreviewArgs, previewArgs, previewHelp } from './preview-args.ts';
import { BadRecord } from './preview-check.ts';
import { EXAMPLES } from './preview-examples.ts';
import { fieldsOf } from './preview-fields.ts';
import { lossReport } from './preview-loss.ts';
import { type PlatformPreview, previewJson, previewRaw, previewText } from './preview-output.ts';
import { type RecordParts, recordOf } from './preview-parts.ts';
import { previewPlatforms } from './preview-platforms.ts';
import { partsOf } from './preview-record.ts';
import { requestsFor } from './preview-request.ts';
import { escapeControls } from './sink-output.ts';
import { Usage } from './spool-args.ts';
import { print } from './spool-output.ts';

function say(text: string): void {
  process.stderr.write(`logferry preview: ${escapeControls(text)}\n`);
}

function textOf(source: string): string {
  try {
    // 0 is stdin.
    return readFileSync(source === '-' ? 0 : source, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new BadRecord(`--record ${source}`, `cannot be read (${code})`);
  }
}

/** Whether a text is the beginning of some JSON. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    return /Unexpected end|Unterminated/.test(message) || Number(position) >= text.length;
  }
}

/** Where the text stops being JSON: not every release of Node says it. */
function whereBroken(text: string): string {
  if (text.trim() === '') return 'it is empty';
  if (mayGoOn(text)) return 'it ends too early';
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (mayGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const before = text.slice(0, good).split('\n');
  return `see line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

/** The record in a text; of several lines of JSON, as loggers write them, the first. */
export function recordIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      if (lines.length > 1) return JSON.parse(lines[0] as string);
    } catch {
      // Then it is no list of records either.
    }
    throw new BadRecord('', `must be JSON; ${whereBroken(text)}`);
  }
}

/** What each of the platforms would get of a record, set up as the environment says. */
export function previewsOf(
  parts: RecordParts,
  platforms: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly PlatformPreview[] {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const fields = fieldsOf(parts);
  return previewPlatforms({ env, readFile, delivery: {} })
    .filter(({ name }) => platforms.includes(name))
    .map(({ name, platform, unredacted }) => ({
      platform: name,
      requests: requestsFor(platform, recordOf(parts)),
      fields: lossReport({ platform, unredacted }, parts, fields),
    }));
}

async function preview({ record, example, platforms, form }: PreviewArgs): Promise<void> {
  const { parts, shape } = partsOf(record === undefined ? EXAMPLES[example] : recordIn(textOf(record)));
  const previews = previewsOf(parts, platforms, process.env);
  if (form === 'json') await print(previewJson(shape, previews));
  else await print(form === 'raw' ? previewRaw(previews) : previewText(previews));
}

/** `logferry preview`: exit code 0, or 2 when called wrongly or with a record that cannot be understood. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv.some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(previewHelp);
    return 0;
  }
  try {
    await preview(previewArgs(argv));
    return 0;
  } catch (error) {
    if (!(error instanceof Usage) && !(error instanceof BadRecord)) throw error;
    say(`${error.message} (see logferry preview --help)`);
    return 2;
  }
}
