import type { DeliveryOptions } from './options.ts';

/** Values of the variables that concern all platforms, by option name; fallbacks filled in. */
export interface CommonValues {
  readonly queueBytes: number;
  readonly maxAgeMillis?: number;
  readonly allowInsecure?: boolean;
  readonly spoolDirectory?: string;
  readonly spoolName?: string;
  readonly spoolBytes: number;
  readonly spoolFsync: 'interval' | 'batch' | 'never';
  readonly spoolCompress: boolean;
}

/** Delivery options from variables, on top of what comes from elsewhere; `service` names the spool unless that is set. */
export function deliveryOf(common: CommonValues, base: DeliveryOptions, service: string | undefined): DeliveryOptions {
  const { spoolDirectory: directory, spoolName: name = service ?? '', maxAgeMillis } = common;
  const spool = directory === undefined ? undefined : { ...spoolOf(common), directory, name };
  return {
    ...base,
    queue: { maxBytes: common.queueBytes, ...(maxAgeMillis !== undefined && { maxAgeMillis }) },
    http: { ...base.http, allowInsecure: common.allowInsecure === true },
    ...(spool !== undefined && { spool }),
  };
}

function spoolOf({ spoolBytes: maxDiskBytes, spoolFsync: fsync, spoolCompress: compress }: CommonValues) {
  return { maxDiskBytes, fsync, compress };
}
