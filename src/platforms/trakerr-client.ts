import { hostname, platform, release } from 'node:os';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes } from '../record/record.ts';
import { textAttribute } from '../record/record.ts';

/** Values for every event whose record and resource say nothing, as the official clients let one set them. */
export interface TrakerrDefaults {
  /** `contextAppVersion`, when the resource has no `service.version`. Default `1.0`. */
  readonly appVersion?: string;
  /** `deploymentStage`, when the resource has no `deployment.environment.name`. Default `development`. */
  readonly deploymentStage?: string;
  /** `contextAppSku`. Default none. */
  readonly sku?: string;
  /** `contextDevice`. Default none. */
  readonly device?: string;
  /** `contextDataCenter`. Default none. */
  readonly dataCenter?: string;
  /** `contextDataCenterRegion`. Default none. */
  readonly dataCenterRegion?: string;
  /** `contextEnvName`. Default `JavaScript/Node`, as the official JavaScript client. */
  readonly envName?: string;
  /** `contextEnvVersion`. Default the version of Node. */
  readonly envVersion?: string;
  /** `contextEnvHostname`. Default the host name of this machine. */
  readonly hostname?: string;
  /** `contextAppOS`. Default the platform of this process in title case (`Linux`, `Darwin`, `Win32`). */
  readonly os?: string;
  /** `contextAppOSVersion`. Default the kernel's release. */
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

/** The context that is the same for all events of a resource: its attributes, else the options, else this process. */
export function clientParts(json: JsonWriter, defaults: TrakerrDefaults, attributes: Attributes): ClientParts {
  const used = new Set<string>();
  const field = (name: keyof typeof SOURCES, otherwise: string | undefined): string => {
    const source = SOURCES[name].find((key) => textAttribute(attributes, key) !== undefined);
    const found = source === undefined ? undefined : textAttribute(attributes, source);
    if (source !== undefined) used.add(source);
    const spell = SPELLING[name];
    const value = found === undefined || spell === undefined ? (found ?? otherwise) : spell(found);
    const text = value === undefined ? '""' : json.string(value);
    return text === '""' ? '' : `,"${name}":${text}`;
  };
  const parts = {
    environment:
      field('contextAppVersion', defaults.appVersion ?? '1.0') +
      field('deploymentStage', defaults.deploymentStage ?? 'development') +
      field('contextEnvName', defaults.envName ?? 'JavaScript/Node') +
      ',"contextEnvLanguage":"JavaScript"' +
      field('contextEnvVersion', defaults.envVersion ?? process.versions.node) +
      field('contextEnvHostname', defaults.hostname ?? hostname()),
    platform:
      field('contextAppOS', defaults.os ?? titleCase(platform())) +
      field('contextAppOSVersion', defaults.osVersion ?? release()) +
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
