import type { LevelNames } from './redarch-level.ts';
import { optionalText, optionalTexts, optionalWord } from './settings.ts';

/** How records become RedArch records. */
export interface RedArchRecordOptions {
  /** Service of records without a `redarch.service`. Default: resource `service.name`, else `unspecified-service`. */
  readonly service?: string;
  /** Writes `service.namespace/service.name` where the resource has a namespace. Default false. */
  readonly serviceNamespace?: boolean;
  /** `user_id` of records without a user attribute. Default null. */
  readonly userId?: string;
  /** `tenant_id` of records without a tenant attribute. Default null. */
  readonly tenantId?: string;
  /** How the trace id stands for a missing request id: 32 hex digits (default) or 8-4-4-4-12. */
  readonly requestId?: 'trace-id' | 'trace-id-dashed';
  /** `WARN FATAL` (default) or the names of Python's logging as client 0.1.14 sends them: `WARNING CRITICAL`. */
  readonly levelNames?: LevelNames;
  /** How UTC is written in times. Default `+00:00`, as the official client does. */
  readonly timestampZone?: '+00:00' | 'Z';
  /** Appends the stack of an exception to the message, as client 0.1.14 does. Default false. */
  readonly appendStack?: boolean;
  /** Attribute names in `context`: dotted as they are (default), or as nested objects. */
  readonly attributeKeys?: 'dotted' | 'nested';
  /** The resource attributes to send in `context.resource`. Default all. */
  readonly resourceKeys?: readonly string[];
  /** Gives every record a `context.record_id`, the same on every attempt, so that duplicates can be told. Default true. */
  readonly recordId?: boolean;
}

/** Checks the options; throws a `TypeError` that names the bad one. */
export function checkRecordOptions(options: RedArchRecordOptions): void {
  optionalText('redarch: service', options.service);
  optionalText('redarch: userId', options.userId);
  optionalText('redarch: tenantId', options.tenantId);
  optionalTexts('redarch: resourceKeys', options.resourceKeys);
  optionalWord('redarch: requestId', options.requestId, ['trace-id', 'trace-id-dashed']);
  optionalWord('redarch: levelNames', options.levelNames, ['canonical', 'stdlib']);
  optionalWord('redarch: timestampZone', options.timestampZone, ['+00:00', 'Z']);
  optionalWord('redarch: attributeKeys', options.attributeKeys, ['dotted', 'nested']);
}
