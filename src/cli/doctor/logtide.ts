import type { Platform } from '../../platforms/platform.ts';
import { type Finding, finding, skipped } from './finding.ts';
import { type GetAnswer, get, memberOf } from './get.ts';
import { networkText } from './network-words.ts';
import type { Surroundings } from './surroundings.ts';
import { TEST_BODY } from './test-record.ts';

const INGEST = '/api/v1/ingest';
const KEY = /^lp_[0-9a-f]{64}$/i;
const VERSION = /^v?(\d+)\.(\d+)\.\d+[\w.+-]{0,40}$/;
/** A server may store in the background; it is asked again a few times. */
const ATTEMPTS = 4;
const PAUSE_MILLIS = 250;

/** The test record that was stored, if one was. */
export interface Stored {
  readonly traceId: string;
}

interface Access {
  readonly base: string;
  readonly key: string;
}

/** Address and key as requests carry them. */
function accessOf({ logs }: Platform): Access {
  const { path, headers } = logs.endpoint.request(new Uint8Array(), 1);
  return { base: logs.endpoint.origin + path.slice(0, -INGEST.length), key: headers['x-api-key'] ?? '' };
}

/** The lines that the server's behaviour was learned from: 0.5 names the bad record of a batch, later ones do not. */
function lineOf(version: string): string {
  const [, major, minor] = VERSION.exec(version) ?? [];
  return Number(major) === 0 && Number(minor) <= 5 ? '0.5' : '1.0';
}

async function serverFinding(on: Surroundings, base: string): Promise<Finding> {
  const result = await get(on, `${base}/health`);
  if (result.kind === 'failed') {
    return finding('DR027', 'warning', `/health gives no answer: ${networkText(result.code)}`, {
      fix: 'check that the address is that of the server itself',
      details: { code: result.code },
    });
  }
  const { status, body } = result.value;
  const version = memberOf(body, 'version');
  if (status === 200 && typeof version === 'string' && VERSION.test(version)) {
    const details = { status, version, line: lineOf(version) };
    return finding('DR027', 'ok', `the server is LogTide ${version}`, { details });
  }
  return finding('DR027', 'warning', `/health is not that of a LogTide server (${status})`, {
    fix: 'check host and path of the address',
    details: { status },
  });
}

function formFinding(key: string): Finding {
  if (KEY.test(key)) return finding('DR028', 'ok', 'the key has the form of a LogTide key');
  const what = key.startsWith('lp_')
    ? 'the key has not the length of a LogTide key'
    : 'the key does not begin with lp_';
  return finding('DR028', 'warning', what, { fix: 'copy it again from the project’s settings' });
}

function typeFinding({ status }: GetAnswer): Finding {
  const details = { status };
  if (status === 403) {
    return finding('DR029', 'ok', 'the key may write only, which is all that an application needs', { details });
  }
  if (status === 200) {
    return finding('DR029', 'ok', 'the key may also read: logferry query and tail can use it', { details });
  }
  if (status === 401) {
    return finding('DR029', 'error', 'the key is refused (401)', { fix: 'check the key', details });
  }
  return finding('DR029', 'skipped', `the server does not say what the key may do (${status})`, { details });
}

function holds({ status, body }: GetAnswer, traceId: string): boolean {
  const logs = status === 200 ? memberOf(body, 'logs') : undefined;
  if (!Array.isArray(logs)) return false;
  return logs.some((log: { traceId?: unknown; message?: unknown } | null) => {
    return log?.message === TEST_BODY && (log.traceId === undefined || log.traceId === traceId);
  });
}

async function readBack(on: Surroundings, { base, key }: Access, { traceId }: Stored) {
  const ask = () => get(on, `${base}/api/v1/logs/trace/${traceId}`, { 'x-api-key': key });
  let result = await ask();
  for (let left = ATTEMPTS - 1; left > 0; left -= 1) {
    if (result.kind === 'failed' || result.value.status !== 200 || holds(result.value, traceId)) break;
    await on.clock.sleep(PAUSE_MILLIS, undefined, true);
    result = await ask();
  }
  return result;
}

function readBackFinding(answer: GetAnswer, traceId: string): Finding {
  const details = { status: answer.status, traceId };
  if (holds(answer, traceId)) return finding('DR030', 'ok', 'the test record can be read back', { details });
  if (answer.status !== 200) return finding('DR030', 'skipped', `not with this key (${answer.status})`, { details });
  return finding('DR030', 'warning', 'the test record was taken, but is not to be read yet', {
    fix: 'look for it in a minute; if it does not come, have the storage of the server looked at',
    details,
  });
}

/** `DR027` to `DR030`: what only LogTide has. `stored` is missing when no test record was stored. */
export async function checkLogtide(
  on: Surroundings,
  platform: Platform,
  stored: Stored | undefined,
): Promise<readonly Finding[]> {
  const access = accessOf(platform);
  const server = serverFinding(on, access.base);
  const form = formFinding(access.key);
  const { base, key } = access;
  const result = await (stored === undefined
    ? get(on, `${base}/api/v1/logs?limit=1`, { 'x-api-key': key })
    : readBack(on, access, stored));
  if (result.kind === 'failed') {
    return [await server, form, ...skipped(['DR029', 'DR030'], `no answer: ${networkText(result.code)}`)];
  }
  const read =
    stored === undefined
      ? skipped(['DR030'], 'no test record was stored')
      : [readBackFinding(result.value, stored.traceId)];
  return [await server, form, typeFinding(result.value), ...read];
}
