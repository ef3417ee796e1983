import { copyOf } from '../copy.ts';
import { perIdentity } from '../identity.ts';
import type { Attributes, EmittedRecord } from '../record.ts';
import type { Redactor } from './redactor.ts';

type Resource = EmittedRecord['resource'];
type Scope = EmittedRecord['instrumentationScope'];

/**
 * Replaces what a record's attributes, those of its resource and those of its scope have under secret names: mappers
 * read attributes by name in many places, and none of them has to think of it. A record without any is returned as it
 * is, and resources and scopes are looked at once.
 */
export function recordRedactor(redactor: Redactor): (record: EmittedRecord) => EmittedRecord {
  const resourceOf = perIdentity(
    (resource: Resource) => cleanResource(redactor, resource),
    (resource) => resource.asyncAttributesPending !== true,
  );
  const scopeOf = perIdentity((scope: Scope) => cleanScope(redactor, scope));
  return (record) => {
    const attributes = redactor.attributes(record.attributes as Attributes);
    const resource = record.resource && resourceOf(record.resource);
    const instrumentationScope = record.instrumentationScope && scopeOf(record.instrumentationScope);
    const isClean =
      attributes === record.attributes &&
      resource === record.resource &&
      instrumentationScope === record.instrumentationScope;
    return isClean ? record : ({ ...copyOf(record), attributes, resource, instrumentationScope } as EmittedRecord);
  };
}

function cleanResource(redactor: Redactor, resource: Resource): Resource {
  const attributes = redactor.attributes(resource.attributes as Attributes);
  if (attributes === resource.attributes) return resource;
  const clean: unknown = { attributes, asyncAttributesPending: resource.asyncAttributesPending };
  return clean as Resource;
}

function cleanScope(redactor: Redactor, scope: Scope): Scope {
  const attributes = redactor.attributes(scope.attributes as Attributes | undefined);
  return attributes === scope.attributes ? scope : ({ ...scope, attributes } as Scope);
}
