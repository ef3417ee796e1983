import { hostname, platform, release } from 'node:os';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes } from '../record/record.ts';
import { textAttribute } from '../record/record.ts';

/** Values for every event whose record says nothing; they win over the resource. As the official clients' properties. */
export interface TrakerrDefaults {
  /** `contextAppVersion`. Default: resource `service.version`, else `1.0`. */
  readonly appVersion?: string;
  /** `deploymentStage`. Default: resource `deployment.environment.name`, else `development`. */
  readonly deploymentStage?: string;
  /** `contextAppSku`. Default none. */
  readonly sku?: string;
  /** `contextDevice`. Default none. */
  readonly device?: string;
  /** `contextDataCenter`. Default none. */
  readonly dataCenter?: string;
  /** `contextDataCenterRegion`. Default none. */
  readonly dataCenterRegion?: string;
  /** `contextEnvName`. Default: the resource's, else `JavaScript/Node`, as the official JavaScript client. */
  readonly envName?: string;
  /** `contextEnvVersion`. Default: the resource's, else the version of Node. */
  readonly envVersion?: string;
  /** `contextEnvHostname`. Default: resource `host.name`, else the host name of this machine. */
  readonly hostname?: string;
  /** `contextAppOS`. Default: the resource's, else the platform in title case (`Linux`, `Darwin`, `Win32`). */
  readonly os?: string;
  /** `contextAppOSVersion`. Default: the resource's, else the kernel's release. */
  readonly osVersion?: string;
  /** `contextAppBrowser`. Default none. */
  readonly browser?: string;
  /** `contextAppBrowserVersion`. Default none. */
  readonly browserVersion?: string;
}

/** What one resource gives to all of its events; fields are `,"key":"text"` or empty. */
export interface ClientParts {
  /** `contextAppVersion deploymentStage contextEnv…`. */
  readonly environment: string;
  /** `contextAppOS … contextDataCenterRegion`. */
  readonly platform: string;
  readonly browser: string;
  readonly browserVersion: string;
  readonly device: string;
  readonly sku: string;
  readonly attributes: Attributes;
  /** JSON text of the attributes that no field holds; empty for none. */
  readonly rest: string;
}

/** Resource attributes behind the fields, best first. */
const SOURCES = {
  contextAppVersion: ['service.version'],
  deploymentStage: ['deployment.environment.name', 'deployment.environment'],
  contextEnvName: ['process.runtime.name'],
  contextEnvVersion: ['process.runtime.version'],
  contextEnvHostname: ['host.name'],
  contextAppOS: ['os.type', 'os.name'],
  contextAppOSVersion: ['os.version'],
  contextDataCenter: ['cloud.availability_zone', 'cloud.provider'],
  contextDataCenterRegion: ['cloud.region'],
  contextAppBrowser: ['user_agent.name', 'browser.name'],
  contextAppBrowserVersion: ['user_agent.version', 'browser.version'],
  contextDevice: ['device.model.name', 'device.id'],
  contextAppSku: ['trakerr.sku'],
} as const;

type Field = keyof typeof SOURCES | 'contextEnvLanguage';

function titleCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How a field differs from the attribute's text; what is changed by more than spelling stays in the rest. */
const SPELLING: Partial<Record<Field, (text: string) => string>> = {
  contextEnvVersion: (version) => version.replace(/^v(?=\d)/, ''),
  contextAppOS: titleCase,
};

/** The context that is the same for all events of a resource: the options, else its attributes, else this process. */
export function clientParts(json: JsonWriter, defaults: TrakerrDefaults, attributes: Attributes): ClientParts {
  const used = new Set<string>();
  const ofResource = (name: keyof typeof SOURCES): string | undefined => {
    const source = SOURCES[name].find((key) => textAttribute(attributes, key) !== undefined);
    if (source === undefined) return undefined;
    used.add(source);
    const found = textAttribute(attributes, source) as string;
    return SPELLING[name]?.(found) ?? found;
  };
  const field = (name: keyof typeof SOURCES, option: string | undefined, otherwise?: string): string => {
    const value = option ?? ofResource(name) ?? otherwise;
    const text = value === undefined ? '""' : json.string(value);
    return text === '""' ? '' : `,"${name}":${text}`;
  };
  const parts = {
    environment:
      field('contextAppVersion', defaults.appVersion, '1.0') +
      field('deploymentStage', defaults.deploymentStage, 'development') +
      field('contextEnvName', defaults.envName, 'JavaScript/Node') +
      ',"contextEnvLanguage":"JavaScript"' +
      field('contextEnvVersion', defaults.envVersion, process.versions.node) +
      field('contextEnvHostname', defaults.hostname, hostname()),
    platform:
      field('contextAppOS', defaults.os, titleCase(platform())) +
      field('contextAppOSVersion', defaults.osVersion, release()) +
      field('contextDataCenter', defaults.dataCenter) +
      field('contextDataCenterRegion', defaults.dataCenterRegion),
    browser: field('contextAppBrowser', defaults.browser),
    browserVersion: field('contextAppBrowserVersion', defaults.browserVersion),
    device: field('contextDevice', defaults.device),
    sku: field('contextAppSku', defaults.sku),
    attributes,
  };
  // A record may have a browser, device or sku of its own; the resource's would then be nowhere.
  for (const name of ['contextAppBrowser', 'contextAppBrowserVersion', 'contextDevice', 'contextAppSku'] as const) {
    for (const key of SOURCES[name]) used.delete(key);
  }
  const rest = json.members(attributes, (key) => used.has(key));
  return { ...parts, rest: rest === '' ? '' : `{${rest}}` };
}

/** What a record can say of where it comes from. */
const OF_RECORDS = ['appVersion', 'deploymentStage', 'hostname', 'dataCenter', 'dataCenterRegion'] as const;

/** The context of a record that says itself where it comes from; undefined for all others. */
export function ownClientParts(
  json: JsonWriter,
  defaults: TrakerrDefaults,
  resource: Attributes | undefined,
  own: TrakerrDefaults,
): ClientParts | undefined {
  if (OF_RECORDS.every((name) => own[name] === undefined)) return undefined;
  const said = Object.fromEntries(OF_RECORDS.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])));
  return json.apart(() => clientParts(json, { ...defaults, ...said }, resource ?? {}));
}
