import { lossContest, lossReport } from './loss.mjs';

const PER_SECOND = 5_000;
const RETRY_AFTER_SECONDS = 2;

export async function outage({ short }) {
  const [seconds, from, to] = short ? [10, 1, 7] : [30, 2, 22];
  const load = { kind: 'steady', perSecond: PER_SECOND, seconds, flushMillis: 45_000 };
  const script = { outage: { fromMillis: from * 1000, toMillis: to * 1000, retryAfterSeconds: RETRY_AFTER_SECONDS } };
  const answers = `503 with Retry-After ${RETRY_AFTER_SECONDS} from second ${from} to ${to}`;
  return lossReport(
    `Outage: 5,000 records/s for ${seconds} s, ${answers}, up to 45 s to flush`,
    await lossContest(load, script),
    'lost by logferry in the outage',
  );
}
