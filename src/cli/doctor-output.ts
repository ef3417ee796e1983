import { styleText } from 'node:util';
import type { DoctorReport, Paint } from './doctor-report.ts';
import { reportText } from './doctor-report.ts';
import { escapeControls } from './sink-output.ts';
import { print } from './spool-output.ts';

const COLOURS = { ok: 'green', warning: 'yellow', error: 'red', skipped: 'gray' } as const;

/** Whether stdout takes colours: `NO_COLOR` wins, then `FORCE_COLOR`, then whether it is a terminal. */
export function isColoured(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  const { FORCE_COLOR: force } = env;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return isTerminal;
}

function painter(): Paint {
  const coloured = isColoured(process.env, process.stdout.isTTY === true);
  // Asked here and not by Node, whose older releases colour whatever stdout is.
  return coloured
    ? (status, text) => styleText(COLOURS[status], text, { validateStream: false })
    : (_status, text) => text;
}

/** Prints the report to stdout, for people or as one JSON document. */
export async function printReport(report: DoctorReport, json: boolean): Promise<void> {
  if (json) {
    await print(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  await print(reportText(report, painter()));
}

/** One line to stderr. */
export function say(text: string): void {
  process.stderr.write(`logferry doctor: ${escapeControls(text)}\n`);
}
