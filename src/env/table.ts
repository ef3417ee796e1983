import type { PlatformName } from '../platforms/registry.ts';
import { deliveryVariables } from './delivery-variables.ts';
import { GENERAL_VARIABLES } from './general-variables.ts';
import { PLATFORM_VARIABLES } from './platform-variables.ts';
import type { Variable } from './variable.ts';

export type { Variable, VariableKind } from './variable.ts';

/**
 * Every variable that logferry reads beside OpenTelemetry's own. Names of credentials are the platforms' own; a
 * variable of kind `secret` can also be given as `NAME_FILE`, the path of a file that holds it.
 */
export const VARIABLES: readonly Variable[] = [...GENERAL_VARIABLES, ...deliveryVariables(), ...PLATFORM_VARIABLES];

/** The variables of one kind of option: of a platform, or without one those that concern all. */
export function variablesOf(of: Variable['of'], platform?: PlatformName): readonly Variable[] {
  return VARIABLES.filter((variable) => variable.of === of && variable.platform === platform);
}
