import type { Finding } from './finding.ts';
import { skipped } from './finding.ts';
import { checkLoggers } from './loggers.ts';
import { checkHooks, checkNode } from './node.ts';
import { checkOtherSdk, checkStart, otherSdks } from './other-sdk.ts';
import { manifestOf } from './packages.ts';
import { checkCopies, checkInstallation, checkLine, checkRanges, lineOf, versionsOf } from './sdk.ts';
import type { Surroundings } from './surroundings.ts';
import { checkTrial } from './trial.ts';

/** `DR010` to `DR019`: Node, OpenTelemetry and what else is in the application's folder. */
export async function checkOpenTelemetry(
  on: Surroundings,
  { disabled, trial }: { readonly disabled: boolean; readonly trial: boolean },
): Promise<readonly Finding[]> {
  const manifest = manifestOf(on.cwd);
  const versions = versionsOf(on.cwd);
  const line = lineOf(versions);
  return [
    checkNode(on),
    checkHooks(on),
    checkInstallation(on),
    checkLine(versions),
    checkRanges(versions),
    checkCopies(on),
    checkOtherSdk(on, manifest),
    checkLoggers(on, line, otherSdks(on, manifest).length > 0),
    checkStart(on, manifest),
    trial ? await checkTrial(on, disabled) : (skipped(['DR019'], 'no program is run (--no-trial)')[0] as Finding),
  ];
}
