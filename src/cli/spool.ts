import { Usage, unknown } from './spool-args.ts';
import { say } from './spool-output.ts';

/** One subcommand; loaded only when it is asked for. */
interface Command {
  readonly summary: string;
  readonly load: () => Promise<{ readonly help: string; run(argv: readonly string[]): Promise<number> }>;
}

const commands = new Map<string, Command>([
  ['ls', { summary: 'what waits, for whom, since when; changes nothing', load: () => import('./spool-ls.ts') }],
  ['show', { summary: 'prints records, or dead letters, as JSON lines', load: () => import('./spool-show.ts') }],
  [
    'replay',
    { summary: 'delivers dead letters and what dead processes have left', load: () => import('./spool-replay.ts') },
  ],
  [
    'purge',
    { summary: 'deletes dead letters or what dead processes have left', load: () => import('./spool-purge.ts') },
  ],
  [
    'import',
    {
      summary: 'takes over buffers of the RedArch, Odysseus and Loggier clients',
      load: () => import('./spool-import.ts'),
    },
  ],
]);

function overview(): string {
  const rows = [...commands].map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}\n`);
  return `Usage: logferry spool <command> [options]

Looks after the records that wait on disk.

${rows.join('')}
  --dir PATH  the spool directory, as the application has it; default: LOGFERRY_SPOOL_DIR
  --help      this text; logferry spool <command> --help tells more

Exit code: 0 done, 1 failed or something was left, 2 wrongly called.
`;
}

function isHelp(argument: string | undefined): boolean {
  return argument === '--help' || argument === '-h';
}

function complaint(name: string | undefined): string {
  const known = [...commands.keys()];
  if (name === undefined) return `no command given; known are: ${known.join(', ')}`;
  return unknown('command', name, known).message;
}

function wrong(text: string, of = ''): number {
  say(`${text} (see logferry spool${of} --help)`);
  return 2;
}

/** `logferry spool`: exit code 0 when done, 1 when something failed or was left, 2 when called wrongly. */
export async function run([name, ...argv]: readonly string[]): Promise<number> {
  if (isHelp(name) || name === 'help') {
    process.stdout.write(overview());
    return 0;
  }
  const command = commands.get(name ?? '');
  if (command === undefined) return wrong(complaint(name));
  const { help, run: runCommand } = await command.load();
  if (argv.some(isHelp)) {
    process.stdout.write(help);
    return 0;
  }
  try {
    return await runCommand(argv);
  } catch (error) {
    if (error instanceof Usage) return wrong(`${name}: ${error.message}`, ` ${name}`);
    throw error;
  }
}
