import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Installed } from '../register/installed.ts';

const installed = new Installed();
afterAll(() => installed.dispose());

it('two copies of logferry share one context, one list of reported errors and one listener', async () => {
  const modules = join(installed.directory, 'node_modules');
  cpSync(join(modules, 'logferry'), join(modules, 'other-logferry'), { recursive: true });
  writeFileSync(
    join(installed.directory, 'copies.mjs'),
    `import * as one from 'logferry';
    import * as two from './node_modules/other-logferry/dist/index.js';
    import { createRequire } from 'node:module';
    import { LoggerProvider } from '@opentelemetry/sdk-logs';
    const required = createRequire(import.meta.url)('logferry');
    const records = [];
    const list = { onEmit: (record) => records.push(record), forceFlush: async () => {}, shutdown: async () => {} };
    const logger = new LoggerProvider({ processors: [new two.LogContextProcessor(), list] }).getLogger('t');
    one.setGlobalContext({ region: 'eu' });
    one.withLogContext({ a: 1 }, () => two.withLogContext({ b: 2 }, () => required.withTraceId('request-1', () => {
      logger.emit({});
      records.push(one.getTraceId(), two.getTraceId());
    })));
    const fail = () => { throw new Error('once'); };
    try { one.captureErrors(two.captureErrors(fail, { logger }), { logger })(); } catch {}
    const stops = [one.captureUncaught({ logger }), two.captureUncaught({ logger }), required.captureUncaught({ logger })];
    const listeners = process.listenerCount('uncaughtExceptionMonitor');
    for (const stop of stops) stop();
    const [first, ...rest] = records;
    console.log(JSON.stringify({
      copies: new Set([one.withLogContext, two.withLogContext, required.withLogContext]).size,
      attributes: first.attributes, ids: rest.slice(0, 2), errors: rest.length - 2, listeners,
      after: process.listenerCount('uncaughtExceptionMonitor'),
    }));`,
  );
  const { stdout, stderr, code } = await installed.run('copies.mjs', { flags: [] });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(JSON.parse(stdout)).toEqual({
    // The required one and the imported one are the same module.
    copies: 2,
    attributes: { region: 'eu', a: 1, b: 2, 'trace.custom_id': 'request-1' },
    ids: ['request-1', 'request-1'],
    errors: 1,
    listeners: 1,
    after: 0,
  });
});
