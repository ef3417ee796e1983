import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { AnyLoggerProvider } from './loggers.ts';

interface SdkLoggerProvider {
  readonly _sharedState?: {
    /** sdk-logs 0.2xx asks these whether they would take a record. */
    processors?: unknown;
    registeredLogRecordProcessors?: unknown;
    activeProcessor?: LogRecordProcessor & { processors?: unknown };
  };
}

type Record = Parameters<LogRecordProcessor['onEmit']>[0];
type Resource = Record['resource'];
type RawResource = Resource & { getRawAttributes?(): readonly (readonly [string, unknown])[] };

const UNKNOWN_SERVICE = /^unknown_service/;

/** What is known of a resource whose detectors are still at work; to ask for its attributes then is an error. */
function known(resource: RawResource): Resource['attributes'] {
  if (resource.asyncAttributesPending !== true) return resource.attributes;
  const raw = resource.getRawAttributes?.() ?? [];
  // The first of a name counts.
  const given = raw.filter(([, value]) => typeof (value as PromiseLike<unknown> | undefined)?.then !== 'function');
  return Object.fromEntries([...given].reverse()) as Resource['attributes'];
}

/** Somebody else's resource, with the name of the service where it has none. */
function named(resource: RawResource, service: string): Resource {
  return Object.create(resource, {
    attributes: {
      get: () => {
        const attributes = known(resource);
        const name = String(attributes['service.name'] ?? 'unknown_service');
        return UNKNOWN_SERVICE.test(name) ? { ...attributes, 'service.name': service } : attributes;
      },
    },
    asyncAttributesPending: { get: () => resource.asyncAttributesPending },
    waitForAsyncAttributes: { value: () => resource.waitForAsyncAttributes?.() },
  }) as Resource;
}

/** A guest in somebody else's provider: their shutdown is not ours. */
function guest(processor: LogRecordProcessor, service: string): LogRecordProcessor {
  const resources = new WeakMap<object, Resource>();
  const resourceOf = (resource: Resource): Resource => {
    const found = resources.get(resource) ?? named(resource, service);
    resources.set(resource, found);
    return found;
  };
  return {
    onEmit: (record, context) =>
      processor.onEmit(Object.create(record, { resource: { value: resourceOf(record.resource) } }) as Record, context),
    enabled: (options) => processor.enabled?.(options) ?? true,
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.forceFlush(),
  };
}

/**
 * Adds the processor to a logger provider that somebody else has made; `service` names it where they do not. There is no API for it, so this goes through
 * private fields that sdk-logs 0.220 to 3.1 have; false where they are not, and then nothing is changed. Never throws.
 */
export function attachProcessor(provider: AnyLoggerProvider, processor: LogRecordProcessor, service: string): boolean {
  try {
    const state = (provider as unknown as SdkLoggerProvider)._sharedState;
    const active = state?.activeProcessor;
    if (state === undefined || typeof active?.onEmit !== 'function') return false;
    const added = guest(processor, service);
    // Lists of our own: the ones there may be the application's, shared or frozen.
    if (Array.isArray(active.processors)) active.processors = [...active.processors, added];
    // A provider without processors has one that does nothing.
    else state.activeProcessor = added;
    if (Array.isArray(state.processors)) state.processors = [...state.processors, added];
    return true;
  } catch {
    return false;
  }
}
