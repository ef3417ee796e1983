import type { Environment } from '../../env/environment.ts';
import { readEnvironment } from '../../env/environment.ts';
import type { EnvironmentContext } from '../../env/reader.ts';
import { readOtelEnvironment } from '../../otel-env.ts';
import { resourceAttributes } from '../../resource.ts';
import type { SpoolOptions } from '../../spool-options.ts';
import { type EnvironmentPlatform, environmentPlatforms } from '../doctor-platforms.ts';
import { sizeText } from '../spool-output.ts';
import { type Finding, finding } from './finding.ts';
import {
  configWithoutDestinations,
  configWithoutSpools,
  spoolsOf,
  withoutPlatforms,
  withoutSpools,
} from './spool-options.ts';
import type { Surroundings } from './surroundings.ts';

/** Records above this are errors; a level that leaves those out is a mistake. */
const ERROR_SEVERITY = 17;
const LONG_DELAY_MILLIS = 30_000;
const MUCH_MEMORY_BYTES = 512 * 1_048_576;

/** What `logferry/register` would make of the environment. */
export interface EnvironmentReport {
  readonly service: string;
  /** Where records would go to. */
  readonly destinations: readonly EnvironmentPlatform[];
  readonly spools: readonly SpoolOptions[];
  readonly disabled: boolean;
  readonly findings: readonly Finding[];
}

type Env = Surroundings['env'];

function read(context: EnvironmentContext): Environment {
  const environment = readEnvironment(context);
  for (const { destination } of environment.destinations) void destination.shutdown(0);
  return environment;
}

function variableFindings(environment: Environment): readonly Finding[] {
  // What is incomplete or refused switches a destination off; what is unknown or unreadable is only not used.
  const serious = new Set(['LF001', 'LF002', 'LF005', 'LF014', 'LF015']);
  const found = environment.problems.map(({ code, where, what, fix }) =>
    finding('DR001', serious.has(code) ? 'error' : 'warning', `${where} ${what}`, { fix, details: { code, where } }),
  );
  return found.length > 0 ? found : [finding('DR001', 'ok', 'all variables of logferry and of the platforms are fine')];
}

function destinationsFinding({ destinations }: Environment): Finding {
  const names = destinations.map(({ destination }) => destination.name);
  const origins = Object.fromEntries(destinations.map(({ destination, origin }) => [destination.name, origin]));
  if (names.length > 0) return finding('DR002', 'ok', `records go to ${names.join(', ')}`, { details: { origins } });
  return finding('DR002', 'error', 'no platform has its credentials set: nothing is sent', {
    fix: 'set the variables of a platform, e.g. LOGTIDE_API_URL and LOGTIDE_API_KEY',
    details: { origins },
  });
}

function disabledFinding(disabled: boolean): Finding {
  if (!disabled) return finding('DR003', 'ok', 'OpenTelemetry is not switched off');
  return finding('DR003', 'warning', 'OTEL_SDK_DISABLED=true: logferry/register does nothing', { fix: 'remove it' });
}

function otelFindings(env: Env, warnings: readonly string[]): readonly Finding[] {
  const found = warnings.map((warning) => {
    const [, code, what = warning] = /^(LF\d+) (.*)$/s.exec(warning) ?? [];
    return finding('DR004', 'warning', what, { fix: 'correct or remove it', details: { code } });
  });
  if (env.OTEL_CONFIG_FILE?.trim()) {
    found.push(
      finding('DR004', 'warning', 'OTEL_CONFIG_FILE is set, and logferry is not configured by it', {
        fix: 'give logferry its own variables; no OpenTelemetry configuration file can name it',
      }),
    );
  }
  return found.length > 0 ? found : [finding('DR004', 'ok', "OpenTelemetry's own variables are fine")];
}

function levelFinding(environment: Environment): Finding {
  const { destinations } = environment;
  const above = (severity: number): readonly string[] =>
    destinations.filter(({ destination }) => !destination.takes(severity)).map(({ destination }) => destination.name);
  const [errors, infos] = [above(ERROR_SEVERITY), above(9)];
  const details = { withoutErrors: errors, withoutInfo: infos };
  if (errors.length > 0) {
    const fix = 'lower LOGFERRY_LEVEL';
    return finding('DR005', 'warning', `the level keeps even errors from ${errors.join(', ')}`, { fix, details });
  }
  if (infos.length === 0) return finding('DR005', 'ok', 'no level keeps info records or errors back', { details });
  return finding('DR005', 'ok', `the level keeps info records from ${infos.join(', ')}`, { details });
}

function memoryFinding({ queueBytes, destinations }: Environment): Finding {
  const most = queueBytes * destinations.length;
  const details = { queueBytes, destinations: destinations.length, mostBytes: most };
  const what = `waiting records take ${sizeText(queueBytes)} of memory for each platform at most, ${sizeText(most)} in all`;
  if (most <= MUCH_MEMORY_BYTES) return finding('DR006', 'ok', what, { details });
  return finding('DR006', 'warning', what, { fix: 'lower LOGFERRY_QUEUE_SIZE, and set LOGFERRY_SPOOL_DIR', details });
}

function delayFinding(env: Env, [spool]: readonly SpoolOptions[]): Finding {
  const { delivery } = readOtelEnvironment(env);
  const delayMillis = delivery.batch?.maxDelayMillis ?? 0;
  const details = { delayMillis, ...(spool?.fsync !== undefined && { fsync: spool.fsync }) };
  if (delayMillis > LONG_DELAY_MILLIS) {
    const what = `records wait ${delayMillis} ms for company before they are sent`;
    return finding('DR007', 'warning', what, { fix: 'lower OTEL_BLRP_SCHEDULE_DELAY (default 1000)', details });
  }
  const disk = spool?.fsync === 'batch' ? '; LOGFERRY_SPOOL_FSYNC=batch waits for the disk with every batch' : '';
  return finding('DR007', 'ok', `records are sent within ${delayMillis} ms${disk}`, { details });
}

/** Reads the environment as `logferry/register` does, and touches no spool while doing so. */
export function checkEnvironment(on: Surroundings): EnvironmentReport {
  const { env, readFile, clock } = on;
  const otel = readOtelEnvironment(env);
  const service = String(resourceAttributes(env, on.cwd)['service.name']);
  const context: EnvironmentContext = { env, readFile, clock, service, delivery: otel.delivery };
  const environment = read({ ...context, env: withoutSpools(env), loadConfig: configWithoutSpools });
  const common = read({ ...context, env: withoutPlatforms(env), loadConfig: configWithoutDestinations }).spool;
  const spools = spoolsOf(context, common);
  return {
    service: String(environment.resource['service.name'] ?? service),
    destinations: environmentPlatforms(environment.destinations),
    spools,
    disabled: otel.disabled,
    findings: [
      ...variableFindings(environment),
      destinationsFinding(environment),
      disabledFinding(otel.disabled),
      ...otelFindings(env, otel.warnings),
      levelFinding(environment),
      memoryFinding(environment),
      delayFinding(env, spools),
    ],
  };
}
