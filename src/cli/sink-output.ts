import { styleText } from 'node:util';
import type { SinkPlatform, SinkRecord } from '../sink/sink.ts';
import { describeRecord } from './describe-record.ts';

type Style = Parameters<typeof styleText>[0];

/** Paints text, or leaves it alone when colours are off. */
type Paint = (style: Style, text: string) => string;

// Controls (C0, DEL, C1), line separators, and the marks that reorder text on a terminal.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text safe for one line of a terminal: a logged newline must not look like a second record, and a logged escape
 * sequence must not reach the terminal.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const levelStyles: readonly (readonly [RegExp, Style])[] = [
  [/^(?:ERROR|CRITICAL|FATAL)$/, 'red'],
  [/^WARN(?:ING)?$/, 'yellow'],
  [/^(?:DEBUG|TRACE)$/, 'gray'],
  [/^(?:SUCCESS|EVENT)$/, 'green'],
];

/** One accepted record as one line. */
function recordLine(record: SinkRecord, paint: Paint): string {
  const view = describeRecord(record);
  const clean = (text: string): string => escapeControls(text);
  const style = levelStyles.find(([pattern]) => pattern.test(view.level))?.[1];
  const level = clean(view.level).padEnd(8);
  const parts = [
    paint('dim', clean(view.time)),
    paint('cyan', `${record.platform}/${record.channel}`.padEnd(15)),
    style === undefined ? level : paint(style, level),
    view.source === '' ? '-' : clean(view.source),
    clean(view.message),
  ];
  if (view.traceId !== '') parts.push(paint('dim', `trace=${clean(view.traceId)}`));
  return `${parts.join('  ')}\n`;
}

/** Where output goes: data to stdout, chatter to stderr. */
export interface SinkOutput {
  listening(url: string, port: number, env: Record<string, string>): void;
  record(record: SinkRecord): void;
  refused(platform: SinkPlatform | 'unknown', status: number, reason: string): void;
}

const out = (text: string): void => {
  process.stdout.write(text);
};
const err = (text: string): void => {
  process.stderr.write(text);
};

/** For machines: one JSON object per line on stdout, each with a `type`. */
export function jsonOutput(): SinkOutput {
  const line = (value: Record<string, unknown>): void => out(`${JSON.stringify(value)}\n`);
  return {
    listening: (url, port, env) => line({ type: 'listening', url, port, env }),
    record: ({ platform, channel, record }) => line({ type: 'record', platform, channel, record }),
    refused: (platform, status, reason) => line({ type: 'refused', platform, status, reason }),
  };
}

/** For people. Colours only on a terminal and without `NO_COLOR` (no-color.org). */
export function textOutput(): SinkOutput {
  const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const paint: Paint = coloured ? (style, text) => styleText(style, text) : (_style, text) => text;
  return {
    listening: (url, _port, env) => {
      const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
      err(`logferry sink listening on ${url}\n\n${exports.join('')}\n`);
    },
    record: (record) => out(recordLine(record, paint)),
    refused: (platform, status, reason) =>
      err(`refused  ${platform}  ${status === 0 ? 'no answer' : status}  ${escapeControls(reason)}\n`),
  };
}
