import type { Target } from './connection.ts';
import { type Finding, finding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Host and port of a proxy; user and password stay behind. */
function hostOf(text: string): string {
  try {
    return new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`).host;
  } catch {
    return 'an address that is none';
  }
}

/** `DR024`: a proxy that is set has no effect. Undefined when none is set. */
export function checkProxy({ env }: Surroundings, { host }: Target, connected: boolean): Finding | undefined {
  const name = NAMES.find((candidate) => env[candidate]?.trim());
  if (name === undefined) return undefined;
  const proxy = hostOf(env[name]?.trim() ?? '');
  const details = { variable: name, proxy, used: false };
  if (connected) {
    return finding('DR024', 'ok', `${name} (${proxy}) is not used, and not needed: ${host} is reached directly`, {
      details,
    });
  }
  return finding('DR024', 'warning', `${name} (${proxy}) is set, but logferry connects directly`, {
    fix: `allow direct connections to ${host}, or send to a relay inside the network`,
    details,
  });
}
