import { AsyncLocalStorage } from 'node:async_hooks';
import pino from 'pino';

const root = pino({ name: 'orders', level: process.env.LOG_LEVEL ?? 'debug' });
const ofRequest = new AsyncLocalStorage();

/** Who has paid what, apart from everything else. */
export const audit = pino({ name: 'orders.audit', base: undefined });

/** The logger of the request that is being served, else of the process. */
export function log() {
  return ofRequest.getStore() ?? root;
}

/** Runs `work` with a logger that adds `fields` to every line. */
export function withFields(fields, work) {
  return ofRequest.run(log().child(fields), work);
}
