import type { PlatformName } from '../platforms/registry.ts';
import type { DeliveryRow } from './delivery-row.ts';
import { DELIVERY_ROWS } from './delivery-rows.ts';
import { CODE_ONLY, type Variable } from './variable.ts';

/** The variables of delivery options: for all destinations, or with a platform for that one alone. */
export function deliveryVariables(platform?: PlatformName): readonly Variable[] {
  const prefix = platform === undefined ? 'LOGFERRY_' : `LOGFERRY_${platform.toUpperCase()}_`;
  return DELIVERY_ROWS.flatMap(([group, topic, rows]) =>
    Object.entries(rows).flatMap(([option, row]): readonly Variable[] => {
      if (row === CODE_ONLY) return [];
      const { suffix, fallback, ...rest } = row as DeliveryRow;
      const common = { ...rest, name: prefix + suffix, of: 'delivery' as const, option: group + option, topic };
      // What holds for one when nothing is said is what holds for all.
      if (platform !== undefined) return [{ ...common, platform }];
      return [fallback === undefined ? common : { ...common, fallback }];
    }),
  );
}
