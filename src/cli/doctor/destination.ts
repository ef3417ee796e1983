import type { EnvironmentPlatform } from '../doctor-platforms.ts';
import { checkClock } from './clock-skew.ts';
import { checkAddress, checkConnection, checkDns, type Target, targetOf } from './connection.ts';
import { type Finding, type FindingCode, skipped } from './finding.ts';
import { get } from './get.ts';
import { checkLogtide } from './logtide.ts';
import { checkProxy } from './proxy.ts';
import type { Surroundings } from './surroundings.ts';
import { sendTestRecord } from './test-record.ts';
import { checkTls } from './tls.ts';

/** How far the checks of a destination may go. */
export interface Reach {
  readonly offline: boolean;
  /** Whether a test record is sent. */
  readonly send: boolean;
}

const LOGTIDE: readonly FindingCode[] = ['DR027', 'DR028', 'DR029', 'DR030'];

/** The checks behind a connection, which a platform has. */
function later({ name }: Target): readonly FindingCode[] {
  return name === 'logtide' ? ['DR025', 'DR026', ...LOGTIDE] : ['DR025', 'DR026'];
}

async function way(on: Surroundings, target: Target): Promise<{ findings: readonly Finding[]; open: boolean }> {
  const { finding: dns, addresses } = await checkDns(on, target);
  if (addresses.length === 0) {
    return {
      findings: [dns, ...skipped(['DR022', ...tlsOf(target)], 'there is no address to connect to')],
      open: false,
    };
  }
  const connection = await checkConnection(on, target, addresses);
  const open = connection.status !== 'error';
  const proxy = checkProxy(on, target, open);
  const tls = open ? await checkTls(on, target) : undefined;
  const findings = [dns, connection, ...(tls === undefined ? [] : [tls]), ...(proxy === undefined ? [] : [proxy])];
  if (!open) return { findings: [...findings, ...skipped(tlsOf(target), 'there is no connection')], open };
  return { findings, open: tls === undefined || tls.status !== 'error' };
}

function tlsOf({ url }: Target): readonly FindingCode[] {
  return url.protocol === 'https:' ? ['DR023'] : [];
}

/** The time of the server without a record being sent; the answer itself does not matter. */
async function clockFinding(on: Surroundings, { url, name }: Target): Promise<Finding> {
  const answer = await get(on, `${url.origin}/`);
  if (answer.kind === 'failed') return checkClock(undefined, 0, false);
  return checkClock(answer.value.date, answer.value.atMillis, name === 'redarch');
}

async function exchange(
  on: Surroundings,
  { name, platform }: EnvironmentPlatform,
  target: Target,
  send: boolean,
  service: string,
): Promise<readonly Finding[]> {
  const sent = send ? await sendTestRecord(on, platform, service) : undefined;
  const record = sent === undefined ? skipped(['DR025'], 'no test record is sent (--no-send)') : [sent.finding];
  const clock =
    sent?.date === undefined
      ? await clockFinding(on, target)
      : checkClock(sent.date, sent.atMillis, name === 'redarch');
  const extra = name === 'logtide' ? await checkLogtide(on, platform, sent?.delivered ? sent : undefined) : [];
  return [...record, clock, ...extra];
}

/** `DR020` to `DR030` of one destination, one after the other; what cannot be tried any more is skipped and says so. */
export async function checkDestination(
  on: Surroundings,
  configured: EnvironmentPlatform,
  { offline, send }: Reach,
  service: string,
): Promise<readonly Finding[]> {
  const target = targetOf(configured.name, configured.origin);
  const address = checkAddress(target);
  if (offline) {
    const codes: readonly FindingCode[] = ['DR021', 'DR022', ...tlsOf(target), ...later(target)];
    return [address, ...skipped(codes, 'the network is left alone (--offline)')];
  }
  const { findings, open } = await way(on, target);
  if (!open) return [address, ...findings, ...skipped(later(target), 'the server cannot be reached')];
  return [address, ...findings, ...(await exchange(on, configured, target, send, service))];
}
