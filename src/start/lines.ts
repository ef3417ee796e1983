import type { Environment, Problem } from '../env/environment.ts';
import { SPOOL_DEFAULTS } from '../spool-options.ts';
import { SDK_VERSION } from '../version.ts';

const MEGABYTE = 1_048_576;

/** What to write where another SDK cannot be joined. */
const JOINING = [
  "  import { logtide, PlatformLogExporter } from 'logferry'; // or odysseus, redarch, loggier, trakerr",
  '  const exporter = new PlatformLogExporter(logtide({ apiKey: process.env.LOGTIDE_API_KEY }));',
  '  // and to the LoggerProvider, or NodeSDK as logRecordProcessors: [new BatchLogRecordProcessor({ exporter })]',
];

function describe({ code, where, what, fix }: Problem): string {
  return `logferry ${code} ${where} ${what}: ${fix}`;
}

/** What is wrong with the settings; `LOGFERRY_QUIET` is for those who know that nothing is configured. */
export function problemLines(environment: Environment): readonly string[] {
  const lines = environment.problems.map(describe);
  if (environment.destinations.length === 0 && (!environment.quiet || environment.strict)) {
    lines.push('logferry LF007 no platform has its credentials set: nothing is sent; see README, "Environment"');
  }
  return lines;
}

/** Said when somebody else's logger provider cannot be joined. */
export const STAND_DOWN_LINES: readonly string[] = [
  'logferry LF008 another OpenTelemetry logger provider is registered already and cannot be joined: nothing is sent; load logferry/register first, or add these three lines to it:',
  ...JOINING,
];

function sizeText(bytes: number): string {
  return bytes < MEGABYTE ? `${bytes / 1_024} kB` : `${Math.round(bytes / MEGABYTE)} MB`;
}

/** Where records wait: what survives a crash and what does not is to be seen at the start. */
function storageText({ spool, queueBytes, destinations }: Environment): string {
  const memory = `${sizeText(queueBytes)} of memory each`;
  if (spool === undefined) return `${memory}, nothing on disk (see LOGFERRY_SPOOL_DIR)`;
  if (destinations.some(({ destination }) => destination.spoolProblem !== undefined)) return `${memory} for now`;
  return `spool ${spool.directory} (${sizeText(spool.maxDiskBytes ?? SPOOL_DEFAULTS.maxDiskBytes)})`;
}

/** Where the logs go, in one line without secrets. */
export function startLine(service: string, environment: Environment): string {
  const targets = environment.destinations.map(
    ({ destination, origin }) => `${destination.name} (${origin}, key ****)`,
  );
  return `logferry ${SDK_VERSION}: logs of "${service}" go to ${targets.join(', ')}; ${storageText(environment)}`;
}
