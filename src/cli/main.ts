#!/usr/bin/env node
import { readFileSync } from 'node:fs';

/** One subcommand; loaded only when it is asked for. */
interface Command {
  readonly summary: string;
  readonly load: () => Promise<{ run(args: readonly string[]): Promise<number> }>;
}

const commands = new Map<string, Command>([
  [
    'doctor',
    {
      summary: 'checks environment, OpenTelemetry, every destination and the spool; says what to do',
      load: () => import('./doctor.ts'),
    },
  ],
  [
    'preview',
    {
      summary: 'the exact request each platform would get for a record, and what finds no place there',
      load: () => import('./preview.ts'),
    },
  ],
  [
    'query',
    {
      summary: 'stored logs of LogTide: by service, level, text, trace and time',
      load: () => import('./query.ts'),
    },
  ],
  [
    'sink',
    {
      summary: 'a local server that speaks all five platforms and checks what arrives',
      load: () => import('./sink.ts'),
    },
  ],
  [
    'spool',
    {
      summary: 'records that wait on disk: list, show, deliver, delete, take over from other clients',
      load: () => import('./spool.ts'),
    },
  ],
  [
    'stats',
    {
      summary: 'how much was logged at LogTide: over time, by level, by service, most frequent errors',
      load: () => import('./stats.ts'),
    },
  ],
  [
    'tail',
    {
      summary: 'the logs of LogTide as they come in; reconnects, loses nothing, repeats nothing',
      load: () => import('./tail.ts'),
    },
  ],
  [
    'trace',
    {
      summary: 'the logs of one trace at LogTide',
      load: () => import('./trace.ts'),
    },
  ],
]);

function help(): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length));
  const rows = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: logferry <command> [options]\n\nCommands:\n${rows.join('\n')}\n\nOptions:\n  --help     this text; logferry <command> --help tells more\n  --version  the version\n`;
}

function version(): string {
  // Two levels up from dist/cli/main.js as from src/cli/main.ts.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version?: unknown }).version);
}

/** Runs one command line and gives the exit code: 0 done, 1 failed, 2 wrongly called. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return 0;
  }
  const command = name === undefined ? undefined : commands.get(name);
  if (command === undefined) {
    const complaint = name === undefined ? 'no command given' : `unknown command ${JSON.stringify(name)}`;
    process.stderr.write(
      `logferry: ${complaint}; known are: ${[...commands.keys()].join(', ')} (see logferry --help)\n`,
    );
    return 2;
  }
  return (await command.load()).run(args);
}

// No top-level await (house rule), and `exitCode` rather than `exit()`, which would cut output to a pipe short.
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`logferry: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
