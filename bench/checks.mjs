import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { LimitEncoder } from './contestants/limit-encoder.mjs';
import { DIST, platform } from './logferry.mjs';
import { readableRecords } from './record.mjs';

const EVENT_ID = /"event_id":"[0-9a-f-]{36}"/;

/** logferry has copies of its own of the API packages here; what passes through them must still arrive. */
async function checkSharedApi() {
  const { resolve } = createRequire(join(DIST, 'index.js'));
  const load = async (name) => (await import(pathToFileURL(resolve(name)).href)).default;
  const [api, core] = [await load('@opentelemetry/api'), await load('@opentelemetry/core')];
  let heard = '';
  const logger = { warn: (message) => (heard = message), error() {}, info() {}, debug() {}, verbose() {} };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  api.diag.warn('heard');
  diag.disable();
  if (heard !== 'heard') throw new Error('logferry and the benchmark do not share the diag logger');
  if (!core.isTracingSuppressed(suppressTracing(ROOT_CONTEXT))) {
    throw new Error('logferry and the benchmark do not share the key of suppressTracing');
  }
}

/** A practical limit that writes something else than logferry would be no limit. The order of keys may differ. */
async function checkSameEntries() {
  const { codec } = (await platform('logtide')).logs;
  const limit = new LimitEncoder();
  for (const record of readableRecords(3)) {
    const texts = [codec.encode(record), limit.encode(record)];
    const [ours, theirs] = texts.map((text) => JSON.parse(text.replace(EVENT_ID, '"event_id":"…"')));
    if (texts[0].length !== texts[1].length || !isDeepStrictEqual(ours, theirs)) {
      throw new Error(`contestants/limit-encoder.mjs writes other entries than logferry:\n${texts.join('\n')}`);
    }
  }
}

/** What must hold before any figure means something; throws otherwise. */
export async function check() {
  await checkSharedApi();
  await checkSameEntries();
}
