import { randomBytes } from 'node:crypto';
import { load } from '../logferry.mjs';

const { SDK_NAME, SDK_VERSION } = await load('version.js');

const LEVELS = ['info', 'debug', 'debug', 'info', 'warn', 'error', 'critical'];
const MILLIS = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, '0'));
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;

function quote(text) {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function valueText(value) {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
    case 'boolean':
      return `${value}`;
    default:
      return JSON.stringify(value);
  }
}

/**
 * Writes the same LogTide entries as logferry (`checks.mjs` compares them) with nothing that makes it safe: no
 * limits, no hostile values, no keys that clash, no exceptions, no check of ids, one resource and one scope.
 */
export class LimitEncoder {
  #second = -1;
  #time = '';
  #keys = new Map();
  #resource;
  #service;
  #tail = '';
  #prefix = `${randomBytes(4).toString('hex')}-0000-4000-8000-`;
  #number = 0x1000_0000_0000;

  encode(record) {
    const { hrTime, attributes, spanContext } = record;
    if (record.resource !== this.#resource) this.#useResource(record);
    if (hrTime[0] !== this.#second) {
      this.#second = hrTime[0];
      this.#time = new Date(hrTime[0] * 1000).toISOString().slice(0, 20);
    }
    let members = '';
    for (const key in attributes) members += this.#key(key) + valueText(attributes[key]);
    this.#number += 1;
    return (
      `{"time":"${this.#time}${MILLIS[Math.floor(hrTime[1] / 1e6)]}Z","service":${this.#service},` +
      `"level":"${LEVELS[(record.severityNumber + 3) >> 2]}","message":${quote(record.body)},` +
      `"trace_id":"${spanContext.traceId}","span_id":"${spanContext.spanId}",` +
      `"metadata":{"event_id":"${this.#prefix}${this.#number.toString(16)}"${members},` +
      `"otel.severity_number":${record.severityNumber},"otel.severity_text":"${record.severityText}"` +
      `${this.#tail},"otel.flags":${spanContext.traceFlags}}}`
    );
  }

  #key(name) {
    let written = this.#keys.get(name);
    if (written === undefined) {
      written = `,${quote(name)}:`;
      this.#keys.set(name, written);
    }
    return written;
  }

  #useResource({ resource, instrumentationScope }) {
    const { attributes } = resource;
    this.#resource = resource;
    this.#service = quote(attributes['service.name']);
    const shared = {
      'otel.scope.name': instrumentationScope.name,
      'otel.scope.version': instrumentationScope.version,
      resource: attributes,
      hostname: attributes['host.name'],
      environment: attributes['deployment.environment.name'],
      release: attributes['service.version'],
      sdk: { name: SDK_NAME, version: SDK_VERSION },
    };
    this.#tail = `,${JSON.stringify(shared).slice(1, -1)}`;
  }
}
