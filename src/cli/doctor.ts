import { SDK_VERSION } from '../version.ts';
import { checkDestination, type Reach } from './doctor/destination.ts';
import { checkEnvironment, type EnvironmentReport } from './doctor/environment.ts';
import { type FindingGroup, finding } from './doctor/finding.ts';
import { checkOpenTelemetry } from './doctor/opentelemetry.ts';
import { secretsOf } from './doctor/secrets.ts';
import { checkSpools } from './doctor/spool.ts';
import { realSurroundings, type Surroundings } from './doctor/surroundings.ts';
import { type DoctorArgs, doctorArgs, doctorHelp } from './doctor-args.ts';
import { printReport, say } from './doctor-output.ts';
import { countsOf, type DoctorReport, withoutSecrets, worstOf } from './doctor-report.ts';
import { Usage } from './spool-args.ts';

/** What was asked for and is not there must not look like something that is fine. */
function missingGroup(name: string): FindingGroup {
  const what = `${name} is not set up: its credentials are missing or refused`;
  const fix = 'see the environment above, and the variables of the platform in the README';
  return { name, kind: 'destination', findings: [finding('DR020', 'error', what, { fix })] };
}

async function destinationGroups(
  on: Surroundings,
  { destinations, service }: EnvironmentReport,
  wanted: readonly string[] | undefined,
  reach: Reach,
): Promise<readonly FindingGroup[]> {
  const asked = destinations.filter(({ name }) => wanted?.includes(name) ?? true);
  const missing = (wanted ?? []).filter((name) => !asked.some((found) => found.name === name));
  const looked = await Promise.all(
    asked.map(async (configured) => {
      const findings = await checkDestination(on, configured, reach, service);
      return { name: configured.name, kind: 'destination', findings } as const;
    }),
  );
  return [...looked, ...missing.map(missingGroup)];
}

/** Makes all checks, those of different topics at once. */
export async function examine(
  on: Surroundings,
  { offline, send, trial, platforms }: Omit<DoctorArgs, 'json' | 'timeoutMillis'>,
): Promise<DoctorReport> {
  const environment = checkEnvironment(on);
  const [otel, destinations, spool] = await Promise.all([
    checkOpenTelemetry(on, { disabled: environment.disabled, trial }),
    destinationGroups(on, environment, platforms, { offline, send }),
    checkSpools(on, environment.spools),
  ]);
  const groups: readonly FindingGroup[] = [
    { name: 'environment', kind: 'environment', findings: environment.findings },
    { name: 'opentelemetry', kind: 'opentelemetry', findings: otel },
    ...destinations,
    { name: 'spool', kind: 'spool', findings: spool },
  ];
  const counts = countsOf(groups);
  const report: DoctorReport = {
    version: SDK_VERSION,
    at: new Date(on.clock.wallNow()).toISOString(),
    service: environment.service,
    directory: on.cwd,
    status: worstOf(counts),
    counts,
    groups,
  };
  return withoutSecrets(report, secretsOf(on));
}

/** `logferry doctor`: exit code 0 when nothing is wrong, 1 when an error was found, 2 when called wrongly. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv.some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(doctorHelp);
    return 0;
  }
  let args: DoctorArgs;
  try {
    args = doctorArgs(argv);
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    say(`${error.message} (see logferry doctor --help)`);
    return 2;
  }
  if (!args.json && !args.offline && process.stderr.isTTY === true) say('checking …');
  const report = await examine(realSurroundings(args.timeoutMillis), args);
  await printReport(report, args.json);
  return report.status === 'error' ? 1 : 0;
}
