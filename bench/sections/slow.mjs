import { lossContest, lossReport } from './loss.mjs';

const PER_SECOND = 5_000;
const DELAY_MILLIS = 500;

export async function slow({ short }) {
  const seconds = short ? 4 : 10;
  const load = { kind: 'steady', perSecond: PER_SECOND, seconds, flushMillis: 45_000 };
  return lossReport(
    `Slow server: every answer after ${DELAY_MILLIS} ms, 5,000 records/s for ${seconds} s`,
    await lossContest(load, { delayMillis: DELAY_MILLIS }),
    'lost by logferry behind a slow server',
  );
}
