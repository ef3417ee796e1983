import { styleText } from 'node:util';
import type { LogTideLog } from '../client/logtide.ts';
import { escapeControls } from './sink-output.ts';
import { print, recordLine } from './spool-output.ts';

type Style = Parameters<typeof styleText>[0];

/** Paints text, or leaves it alone when colours are off. */
export type Paint = (style: Style, text: string) => string;

const STYLES: Readonly<Record<string, Style>> = {
  critical: ['bold', 'red'],
  error: 'red',
  warn: 'yellow',
  debug: 'gray',
};

/** Whether a stream gets colours: on a terminal, unless `NO_COLOR` (no-color.org); `FORCE_COLOR` decides before both. */
function isColoured(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const force = env.FORCE_COLOR;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true && !env.NO_COLOR;
}

/** Colours for stdout as it is now. */
export function stdoutPaint(): Paint {
  if (!isColoured(process.stdout, process.env)) return (_style, text) => text;
  // It was decided above; newer Node versions would decide once more.
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** One log as one line: time, level, service, message, trace. */
function logLine({ time, level, service, message, traceId }: LogTideLog, paint: Paint): string {
  const padded = escapeControls(level).toUpperCase().padEnd(8);
  const style = STYLES[level];
  const parts = [
    paint('dim', time),
    style === undefined ? padded : paint(style, padded),
    paint('cyan', escapeControls(service)),
    escapeControls(message),
  ];
  if (traceId !== undefined) parts.push(paint('dim', `trace=${escapeControls(traceId)}`));
  return `${parts.join('  ')}\n`;
}

/** Writes logs to stdout as lines for people or as JSON; false once nobody reads any more. */
export function logPrinter(isJson: boolean): (logs: readonly LogTideLog[]) => Promise<boolean> {
  const paint = stdoutPaint();
  const line = (log: LogTideLog): string => (isJson ? recordLine(JSON.stringify(log)) : logLine(log, paint));
  return (logs) => (logs.length === 0 ? Promise.resolve(true) : print(logs.map(line).join('')));
}

/** One line to stderr. */
export function tell(command: string, text: string): void {
  process.stderr.write(`logferry ${command}: ${escapeControls(text)}\n`);
}

/** `1 log`, `1,234 logs`. */
export function logsText(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'log' : 'logs'}`;
}

/** Shows on a terminal how far a long query is; nothing elsewhere. */
export function progress(): { show(text: string): void; clear(): void } {
  const isShown = process.stderr.isTTY === true;
  const write = (text: string): void => {
    if (isShown) process.stderr.write(`\r\u001b[K${text}`);
  };
  return { show: write, clear: () => write('') };
}
