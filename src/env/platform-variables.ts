import type { PlatformName } from '../platforms/registry.ts';
import { deliveryVariables } from './delivery-variables.ts';
import { type FactoryRows, LOGGIER, LOGTIDE, ODYSSEUS, REDARCH, TRAKERR } from './factory-rows.ts';
import { CODE_ONLY, upperSnake, type Variable } from './variable.ts';

const ROWS: Readonly<Record<PlatformName, object>> = {
  odysseus: ODYSSEUS,
  logtide: LOGTIDE,
  redarch: REDARCH,
  loggier: LOGGIER,
  trakerr: TRAKERR,
};

/** Names that the platforms themselves gave to what concerns delivery. */
const OLDER: readonly Variable[] = [
  {
    name: 'RARCH_LOGGING_DEFAULT_LEVEL',
    platform: 'redarch',
    of: 'delivery',
    option: 'minimumSeverity',
    kind: 'level',
    yields: true,
    topic: 'What is sent',
    description: 'lowest level for RedArch where neither `LOGFERRY_REDARCH_LEVEL` nor `LOGFERRY_LEVEL` is set',
  },
];

type Row = Exclude<FactoryRows<{ option: string }>['option'], typeof CODE_ONLY>;

function factoryVariables(platform: PlatformName): readonly Variable[] {
  return Object.entries(ROWS[platform]).flatMap(([option, row]: [string, Row | typeof CODE_ONLY]) => {
    if (row === CODE_ONLY) return [];
    const { own, older, ...rest } = row;
    const variable = { ...rest, platform, of: 'factory', option } as const;
    if (own !== undefined) return [{ ...variable, name: own, topic: 'Credentials and addresses' as const }];
    const name = `LOGFERRY_${platform.toUpperCase()}_${upperSnake(option)}`;
    const usual: Variable = { ...variable, name, topic: 'Platforms' };
    if (older === undefined) return [usual];
    const { fallback: _fallback, ...without } = usual;
    return [{ ...without, name: older, yields: true, description: `older name of \`${name}\`` }, usual];
  });
}

/** The variables of one platform alone: its credentials, its options, and how records travel to it. */
export const PLATFORM_VARIABLES: readonly Variable[] = (Object.keys(ROWS) as PlatformName[]).flatMap((platform) => [
  ...factoryVariables(platform),
  ...OLDER.filter((variable) => variable.platform === platform),
  ...deliveryVariables(platform),
]);
