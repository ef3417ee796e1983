import type { RecordMapper } from '../codec/codec.ts';
import type { FieldRules } from '../record/attribute-picker.ts';
import { AttributePicker, anyText, nonEmpty } from '../record/attribute-picker.ts';
import { exceptionOf } from '../record/exception.ts';
import { isError } from '../record/guarded.ts';
import { perIdentity } from '../record/identity.ts';
import { dashed, spanContextCheck, uuidSource } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { clip, DEFAULT_LIMITS, wellFormed } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf, messageOf } from '../record/record.ts';
import { isoFormatter, recordTime } from '../record/time.ts';
import { isSettled, resourceText, scopeText } from './own-members.ts';
import type { Found } from './redarch-context.ts';
import { CONTEXT_KEYS, RedArchContext } from './redarch-context.ts';
import { levelOf } from './redarch-level.ts';
import { nested } from './redarch-nesting.ts';
import type { RedArchRecordOptions } from './redarch-settings.ts';
import { serviceName } from './settings.ts';

/** What the official client calls a service that nobody named. */
export const UNSPECIFIED_SERVICE = 'unspecified-service';
/** The service becomes part of a header; no limit is published. */
const MAX_SERVICE_LENGTH = 255;

interface RecordFields extends Found {
  service: string;
  logger: string;
  user: string;
  tenant: string;
  request: string;
}

function first(value: unknown): string | undefined {
  return nonEmpty(Array.isArray(value) ? value[0] : value);
}

/** Text of any kind, empty text too: the client keeps empty user and tenant ids. */
function identifier(value: unknown): string | undefined {
  return anyText(value) ?? nonEmpty(value);
}

function keepList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 1;
}

/** Where the fields come from; RedArch's wire contract §4. */
const RULES: FieldRules<RecordFields> = {
  service: { from: ['redarch.service'], read: nonEmpty },
  logger: { from: ['redarch.logger_name', 'log.logger', 'logger.name'], read: nonEmpty },
  user: { from: ['redarch.user_id', 'user.id', 'enduser.id'], read: identifier },
  tenant: { from: ['redarch.tenant_id', 'tenant.id', 'tenant_id'], read: identifier },
  request: {
    from: [
      'redarch.request_id',
      'request.id',
      'http.request.header.x-request-id',
      'aws.request_id',
      'faas.invocation_id',
    ],
    read: first,
    keep: keepList,
  },
  recordId: { from: ['log.record.uid'], read: nonEmpty },
  file: { from: ['code.file.path', 'code.filepath'], read: nonEmpty },
  function: { from: ['code.function.name', 'code.function'], read: nonEmpty },
  line: {
    from: ['code.line.number', 'code.lineno'],
    read: (value) => (typeof value === 'number' || typeof value === 'string' ? value : undefined),
  },
  exceptionType: { from: ['exception.type'], read: anyText },
  exceptionMessage: { from: ['exception.message'], read: anyText },
  exceptionStack: { from: ['exception.stacktrace'], read: anyText },
};

function cleanService(name: string): string {
  return clip(wellFormed(name), MAX_SERVICE_LENGTH) || UNSPECIFIED_SERVICE;
}

interface ResourceParts {
  /** JSON text with quotes. */
  readonly service: string;
  readonly text: string;
}

/** Writes records as the objects that the platform takes: nine keys, always all of them, in the client's order. */
class RecordWriter {
  readonly #json: JsonWriter;
  readonly #validContext = spanContextCheck();
  readonly #options: RedArchRecordOptions;
  readonly #picker = new AttributePicker(RULES, CONTEXT_KEYS);
  readonly #context: RedArchContext;
  readonly #resource: (resource: EmittedRecord['resource']) => ResourceParts;
  readonly #scope: (scope: EmittedRecord['instrumentationScope']) => string;
  readonly #isoTime: ReturnType<typeof isoFormatter>;
  readonly #uuid = uuidSource();
  readonly #userId: string;
  readonly #tenantId: string;
  /** Where few values are written, the walk ends before it has seen all attributes; they are picked beforehand. */
  readonly #pickFirst: boolean;

  constructor(json: JsonWriter, options: RedArchRecordOptions) {
    const zone = options.timestampZone ?? '+00:00';
    this.#json = json;
    this.#options = options;
    this.#context = new RedArchContext(json, zone, options.recordId !== false);
    this.#resource = perIdentity((resource) => this.#resourceParts(resource), isSettled);
    this.#scope = perIdentity((scope) => scopeText(json, scope));
    this.#isoTime = isoFormatter(6, zone);
    this.#userId = options.userId === undefined ? 'null' : `${json.member('user.id', options.userId)}`;
    this.#tenantId = options.tenantId === undefined ? 'null' : `${json.member('tenant.id', options.tenantId)}`;
    this.#pickFirst = json.limits.maxValues < DEFAULT_LIMITS.maxValues;
  }

  readonly write = (record: EmittedRecord): string => {
    const json = this.#json;
    const resource = this.#resource(record.resource);
    const scope = this.#scope(record.instrumentationScope);
    const attributes = record.attributes as Attributes;
    const { skip } = this.#picker;
    this.#picker.begin(attributes);
    if (this.#pickFirst) Object.keys(attributes).forEach(skip);
    const shown = this.#options.attributeKeys === 'nested' ? nested(attributes, skip) : attributes;
    const members = shown === attributes ? json.members(attributes, skip) : json.members(shown);
    const { fields } = this.#picker;
    const exception = this.#hasException(record) ? exceptionOf(record, json) : undefined;
    const taken = this.#isTaken(shown, attributes) ? shown : undefined;
    const own = this.#context.write({ record, fields, exception, resource: resource.text, scope }, taken);
    const service = fields.service === undefined ? resource.service : json.string(cleanService(fields.service));
    const logger = fields.logger ?? record.instrumentationScope.name;
    return (
      `{"level":"${levelOf(record, this.#options.levelNames ?? 'canonical')}","service":${service},` +
      `"logger_name":${logger ? json.string(logger) : service},"message":${this.#message(record, exception)},` +
      `"user_id":${fields.user === undefined ? this.#userId : json.string(fields.user)},` +
      `"tenant_id":${fields.tenant === undefined ? this.#tenantId : json.string(fields.tenant)},` +
      `"request_id":${fields.request === undefined ? this.#requestId(record) : json.string(fields.request)},` +
      `"context":{${members === '' ? own.slice(1) : members + own}},` +
      `"client_log_datetime":"${this.#isoTime(recordTime(record))}"}`
    );
  };

  #resourceParts(resource: EmittedRecord['resource']): ResourceParts {
    const attributes = resource.attributes as Attributes;
    const { service, serviceNamespace } = this.#options;
    const own = service === undefined ? serviceName(attributes) : undefined;
    const name = service ?? own ?? UNSPECIFIED_SERVICE;
    const namespace = nonEmpty(attributes['service.namespace']);
    const named = serviceNamespace && namespace !== undefined && own !== undefined;
    return {
      service: this.#json.string(cleanService(named ? `${namespace}/${name}` : name)),
      text: resourceText(this.#json, resource, this.#options.resourceKeys),
    };
  }

  #hasException({ body }: EmittedRecord): boolean {
    const { exceptionType, exceptionMessage, exceptionStack } = this.#picker.fields;
    const named = exceptionType !== undefined || exceptionMessage !== undefined || exceptionStack !== undefined;
    return named || isError(body);
  }

  /** Nesting makes names of its own, so there every key of ours is compared. */
  #isTaken(shown: object, attributes: Attributes): boolean {
    return shown !== attributes || this.#picker.collided;
  }

  #message(record: EmittedRecord, exception: ReturnType<typeof exceptionOf>): string {
    const text = messageOf(record.body, this.#json) || exception?.message || eventNameOf(record) || exception?.type;
    const stack = this.#options.appendStack ? (this.#picker.fields.exceptionStack ?? exception?.stack) : undefined;
    return this.#json.message(stack ? `${text ?? ''}\n${stack}` : (text ?? ''));
  }

  #requestId(record: EmittedRecord): string {
    const trace = this.#validContext(record.spanContext)?.traceId;
    if (trace === undefined) return `"${this.#uuid()}"`;
    return this.#options.requestId === 'trace-id-dashed' ? `"${dashed(trace)}"` : `"${trace.toLowerCase()}"`;
  }
}

/** The mapper of RedArch records. */
export function redarchMapper(options: RedArchRecordOptions): (json: JsonWriter) => RecordMapper {
  return (json) => new RecordWriter(json, options).write;
}
