import type { FieldRules } from '../record/attribute-picker.ts';
import { integerBetween, nonEmpty } from '../record/attribute-picker.ts';
import { isUuid, nameUuid } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import type { EntrySettings, OdysseusEntryOptions } from './odysseus-settings.ts';
import { resourceText } from './own-members.ts';

/** Fields that log entries and events share. */
export interface SharedFields {
  session: string;
  user: string;
  platform: number;
  file: string;
  method: string;
  line: number;
}

/** Where the shared fields come from; Odysseus's wire contract §4. */
export function sharedRules({ uuid, stripFile }: EntrySettings): FieldRules<SharedFields> {
  let lastName = '';
  let lastUuid = '';
  const named = (name: string): string => {
    if (name !== lastName) {
      lastUuid = uuid(nameUuid(name));
      lastName = name;
    }
    return lastUuid;
  };
  return {
    session: {
      from: ['session.id'],
      read: (value) => {
        if (isUuid(value)) return uuid(value);
        const name = nonEmpty(value);
        return name === undefined ? undefined : named(name);
      },
      // A name-based uuid cannot be turned back into the name.
      keep: (value) => !isUuid(value),
    },
    user: { from: ['user.id', 'enduser.id'], read: nonEmpty },
    platform: { from: ['odysseus.platform'], read: (value) => integerBetween(value, -32_768, 32_767) },
    file: {
      from: ['code.file.path', 'code.filepath'],
      read: (value) => (typeof value === 'string' && value !== '' ? stripFile(value) : undefined),
    },
    method: {
      from: ['code.function.name', 'code.function'],
      read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
    },
    line: { from: ['code.line.number', 'code.lineno'], read: (value) => integerBetween(value, 0) },
  };
}

/** The user of a record without a user attribute; undefined for none. */
export function ambientUser({ getUser, user }: OdysseusEntryOptions): string | undefined {
  if (getUser === undefined) return user;
  try {
    return nonEmpty(getUser()) ?? user;
  } catch {
    return user;
  }
}

/** The parts that are the same for all records of a resource. */
export interface ResourceParts {
  /** The session that the resource itself names; undefined for none. */
  readonly session: string | undefined;
  /** `service.instance.id`; undefined for none. */
  readonly instance: string | undefined;
  /** The attributes as one JSON object, or empty text for none. */
  readonly text: string;
}

/** Makes the parts of a resource; call it once per resource and keep the result. */
export function resourceParts(
  json: JsonWriter,
  { options, uuid, resourceKeys }: EntrySettings,
): (resource: EmittedRecord['resource']) => ResourceParts {
  return (resource) => {
    const attributes = resource.attributes as Attributes;
    const instance = attributes['service.instance.id'];
    return {
      session: options.sessionFromInstance && isUuid(instance) ? uuid(instance) : undefined,
      instance: nonEmpty(instance),
      text: resourceText(json, resource, resourceKeys),
    };
  };
}
