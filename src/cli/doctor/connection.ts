import { connect } from 'node:net';
import { type Finding, finding } from './finding.ts';
import { networkText } from './network-words.ts';
import { type Attempted, attempt, type ResolvedAddress, type Surroundings } from './surroundings.ts';

/** Addresses of one host that are tried. */
const MOST_ADDRESSES = 8;

/** Where a destination's requests go. */
export interface Target {
  readonly name: string;
  readonly url: URL;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

export function targetOf(name: string, origin: string): Target {
  const url = new URL(origin);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { name, url, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

/** Whether an address is this machine's own. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** `DR020`: the address itself. */
export function checkAddress({ url, host }: Target): Finding {
  const details = { origin: url.origin };
  if (url.protocol === 'https:') return finding('DR020', 'ok', `${url.origin}, encrypted`, { details });
  if (isLoopback(host)) return finding('DR020', 'ok', `${url.origin}, this machine`, { details });
  return finding('DR020', 'warning', `${url.origin} shows the key to everybody on the way`, {
    fix: 'use https://, unless the network is your own',
    details,
  });
}

/** `DR021`: every address of the host. */
export async function checkDns(
  on: Surroundings,
  { host }: Target,
): Promise<{ readonly finding: Finding; readonly addresses: readonly ResolvedAddress[] }> {
  const result = await attempt(on, on.lookup(host));
  if (result.kind === 'ok' && result.value.length > 0) {
    const addresses = result.value.slice(0, MOST_ADDRESSES);
    const texts = result.value.map(({ address }) => address);
    const details = { host, addresses: texts, ipv6: result.value.some(({ family }) => family === 6) };
    return { finding: finding('DR021', 'ok', `${host} is ${texts.join(', ')}`, { details }), addresses };
  }
  const code = result.kind === 'ok' ? 'ENODATA' : result.code;
  const fix =
    code === 'EAI_AGAIN' || code === 'TIMEOUT'
      ? 'check the network and the name server of this machine or container'
      : 'check the spelling of the address';
  const what = `${host} cannot be resolved: ${networkText(code)}`;
  return { finding: finding('DR021', 'error', what, { fix, details: { host, code } }), addresses: [] };
}

function open(address: string, port: number): { readonly done: Promise<void>; readonly end: () => void } {
  const socket = connect({ host: address, port });
  const done = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // A late error has no listener otherwise.
  socket.on('error', () => {});
  return { done, end: () => socket.destroy() };
}

async function tryAddress(on: Surroundings, address: string, port: number) {
  const begun = on.clock.now();
  const { done, end } = open(address, port);
  const result: Attempted<void> = await attempt(on, done);
  end();
  const millis = Math.round(on.clock.now() - begun);
  return { address, millis, ...(result.kind === 'failed' && { code: result.code }) };
}

/** `DR022`: a TCP connection to each of the addresses. */
export async function checkConnection(
  on: Surroundings,
  { host, port }: Target,
  addresses: readonly ResolvedAddress[],
): Promise<Finding> {
  const attempts = await Promise.all(addresses.map(({ address }) => tryAddress(on, address, port)));
  const failed = attempts.flatMap(({ address, code }) => (code === undefined ? [] : [{ address, code }]));
  const details = { port, attempts };
  const reasons = failed.map(({ address, code }) => `${address}: ${networkText(code)}`).join('; ');
  if (failed.length === 0) {
    const slowest = Math.max(...attempts.map(({ millis }) => millis));
    return finding('DR022', 'ok', `port ${port} takes connections, in ${slowest} ms at most`, { details });
  }
  if (failed.length < attempts.length) {
    return finding('DR022', 'warning', `some addresses of ${host} cannot be reached (${reasons})`, {
      fix: 'records go to the others; have the dead addresses taken out of DNS',
      details,
    });
  }
  return finding('DR022', 'error', `no connection to ${host}:${port} (${reasons})`, {
    fix: 'check port and firewall, and that the server runs',
    details,
  });
}
