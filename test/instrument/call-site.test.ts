import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallSiteOptions } from '../../src/instrument/call-site.ts';
import { callSiteReader } from '../../src/instrument/call-site.ts';
import { Installed } from '../register/installed.ts';
import { logRig } from './rig.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The line of this file that holds the mark. */
function lineOf(mark: string, file = import.meta.filename): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(mark) && !line.includes('lineOf(')) + 1;
}

describe('call site', () => {
  const limit = Error.stackTraceLimit;
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  afterEach(() => {
    Error.stackTraceLimit = limit;
    if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', prepare);
  });

  it('is the line of the application that emitted the record', () => {
    const { emitted, logger, records } = logRig({ callSite: true });
    function checkout(): void {
      logger.emit({ body: 'placed' }); // mark: checkout
    }
    checkout();
    expect(records[0]?.attributes).toEqual({
      'code.file.path': import.meta.filename,
      'code.line.number': lineOf('mark: checkout'),
      'code.column.number': expect.any(Number),
      'code.function.name': 'checkout',
    });
    expect(emitted({ 'code.file.path': 'own.js' }).attributes).toEqual({ 'code.file.path': 'own.js' });
    expect(emitted({ 'code.filepath': 'own.js' }).attributes).toEqual({ 'code.filepath': 'own.js' });
    expect(logRig().emitted().attributes).toEqual({});
  });

  it('is found behind any number of library frames, and the cost of it is remembered', () => {
    const deep = (left: number, read: () => unknown): unknown =>
      left === 0 ? read() : [1].map(() => deep(left - 1, read))[0];
    const read = callSiteReader({ skipFrames: 30 });
    function far(): unknown {
      return deep(20, () => read(9));
    }
    const first = far();
    expect(first).toBeDefined();
    expect(far()).toEqual({
      ...(first as object),
      'code.line.number': expect.any(Number),
      'code.column.number': expect.any(Number),
    });
    expect(callSiteReader({ skipFrames: 10_000 })(9)).toBeUndefined();
  });

  it('passes over wrappers of the application, as many as it says', () => {
    const site = (options: CallSiteOptions): unknown => {
      const read = callSiteReader(options);
      const wrapper = (): unknown => read(9)?.['code.function.name'];
      const business = (): unknown => wrapper();
      return business();
    };
    expect([0, 1, 2].map((skipFrames) => site({ skipFrames }))).toEqual(['wrapper', 'business', 'site']);
  });

  it('does not take the functions of Node for those of the application', () => {
    const read = callSiteReader({ skipFrames: 1 });
    const names: unknown[] = [];
    const events = new EventEmitter().on('order', function listener() {
      names.push(read(9)?.['code.function.name']);
    });
    (function business() {
      events.emit('order');
    })();
    expect(names).toEqual(['business']);
  });

  it('takes URLs for paths, and functions without what V8 says around them', () => {
    const site = (frame: string): unknown => {
      Error.prepareStackTrace = () => `Error\n    at ${frame}`;
      return callSiteReader()(9);
    };
    expect(site('async cart (file:///app/my%20cart.mjs:3:1)')).toEqual({
      'code.file.path': '/app/my cart.mjs',
      'code.line.number': 3,
      'code.column.number': 1,
      'code.function.name': 'cart',
    });
    expect(site('Cart.pay [as checkout] (file://host/app/cart.mjs:3:1)')).toMatchObject({
      'code.file.path': 'file://host/app/cart.mjs',
      'code.function.name': 'Cart.pay',
    });
    expect(site('Object.<anonymous> (/app/cart.js:3:1)')).not.toHaveProperty('code.function.name');
    expect(site('Array.map (<anonymous>)')).toBeUndefined();
  });

  it('cuts the path behind the prefix, where it is found', () => {
    const file = (stripPrefix: string): unknown => callSiteReader({ stripPrefix })(9)?.['code.file.path'];
    expect(file('test/')).toBe('instrument/call-site.test.ts');
    expect(file(`${ROOT}/`)).toBe('test/instrument/call-site.test.ts');
    expect(file('/elsewhere/')).toBe(import.meta.filename);
  });

  it('is left out below a level; an unknown severity counts as INFO', () => {
    const { emitted } = logRig({ callSite: { level: 'warn' } });
    const has = (severity: number): boolean => 'code.file.path' in emitted({}, severity).attributes;
    expect([1, 9, 12, 13, 17, 24].map(has)).toEqual([false, false, false, true, true, true]);
    expect(callSiteReader({ level: 'info' })(0)).toBeDefined();
    expect(callSiteReader({ level: 'warn' })(undefined)).toBeUndefined();
  });

  it('leaves the limit and the hook of the application as they are', () => {
    Error.stackTraceLimit = 3;
    const seen: string[] = [];
    const hook = (error: Error, frames: readonly NodeJS.CallSite[]): string => {
      seen.push(`${frames.length > 0}`);
      return `${error}\n    at mapped (/app/src/cart.ts:${frames.length > 0 ? 7 : 0}:1)`;
    };
    Error.prepareStackTrace = hook;
    expect(callSiteReader()(9)).toEqual({
      'code.file.path': '/app/src/cart.ts',
      'code.line.number': 7,
      'code.column.number': 1,
      'code.function.name': 'mapped',
    });
    expect(seen).toEqual(['true']);
    expect(Error.stackTraceLimit).toBe(3);
    expect(Error.prepareStackTrace).toBe(hook);
  });

  it('goes without where the hook throws or makes something else of the stack', () => {
    const hooks = [
      () => {
        throw new Error('hook');
      },
      (_: Error, frames: readonly NodeJS.CallSite[]) => frames,
      () => undefined,
    ];
    for (const hook of hooks) {
      Error.prepareStackTrace = hook;
      expect(callSiteReader()(9)).toBeUndefined();
    }
    expect(Error.stackTraceLimit).toBe(limit);
  });
});

describe('call site in a process of its own', () => {
  const installed = new Installed();
  const modules = join(installed.directory, 'node_modules');
  const SETUP = `
    const { LoggerProvider } = require('@opentelemetry/sdk-logs');
    const { logs } = require('@opentelemetry/api-logs');
    const { LogContextProcessor } = require('logferry');
    const sites = [];
    const list = {
      onEmit: ({ attributes }) => sites.push([attributes['code.function.name'], attributes['code.line.number'], attributes['code.file.path']]),
      forceFlush: async () => {}, shutdown: async () => {},
    };
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new LogContextProcessor({ callSite: true }), list] }));
    process.on('exit', () => console.log(JSON.stringify(sites)));
  `;

  beforeAll(() => {
    for (const name of ['pino', 'winston', 'bunyan'])
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    writeFileSync(join(installed.directory, 'setup.cjs'), SETUP);
  });
  afterAll(() => installed.dispose());

  async function sites(app: string, text: string, flags: readonly string[] = []): Promise<readonly unknown[]> {
    writeFileSync(join(installed.directory, app), text);
    const { stdout, stderr, code } = await installed.run(app, { flags });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    return JSON.parse(stdout.split('\n').at(-2) as string) as readonly unknown[];
  }

  it('is the application behind pino, winston and bunyan', async () => {
    const app = `require('./setup.cjs');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
const { OpenTelemetryBunyanStream } = require('@opentelemetry/instrumentation-bunyan');
registerInstrumentations({ instrumentations: [new PinoInstrumentation()] });
const { OpenTelemetryTransportV3 } = require('@opentelemetry/winston-transport');
const pino = require('pino')(require('fs').createWriteStream('/dev/null'));
const bunyan = require('bunyan').createLogger({ name: 'b', streams: [{ type: 'raw', stream: new OpenTelemetryBunyanStream() }] });
const winston = require('winston').createLogger({ transports: [new OpenTelemetryTransportV3()] });
function viaPino() { pino.info('p'); }
function viaBunyan() { bunyan.info('b'); }
function viaWinston() { winston.info('w'); }
viaPino(); viaBunyan(); viaWinston(); viaPino();
`;
    const file = join(installed.directory, 'loggers.cjs');
    expect(await sites('loggers.cjs', app)).toEqual([
      ['viaPino', 10, file],
      ['viaBunyan', 11, file],
      ['viaWinston', 12, file],
      ['viaPino', 10, file],
    ]);
  });

  it('is a path, not a URL, in ES modules', async () => {
    const app = `import './setup.cjs';
import { logs } from '@opentelemetry/api-logs';
const checkout = async () => { await null; logs.getLogger('t').emit({}); };
await checkout();
`;
    const [site] = await sites('module.mjs', app);
    expect(site).toEqual(['checkout', 3, join(installed.directory, 'module.mjs')]);
  });

  it('is the line of the TypeScript source where Node respects source maps', async () => {
    const source = `import { logs } from '@opentelemetry/api-logs';
interface Order {
  readonly id: number;
  readonly erased: string;
}
type Erased = { readonly also: Order };
export function checkout(order: Order): void {
  logs.getLogger('t').emit({ body: order.id }); // line 8
}
checkout({ id: 1, erased: '' });
`;
    writeFileSync(join(installed.directory, 'cart.mts'), source);
    const compiled = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--inlineSourceMap',
        'cart.mts',
      ],
      { cwd: installed.directory, encoding: 'utf8' },
    );
    expect(compiled.stdout).toBe('');
    const generated = join(installed.directory, 'cart.mjs');
    const text = readFileSync(generated, 'utf8');
    const main = ['--require', './setup.cjs'];
    expect(await sites('cart.mjs', text, ['--enable-source-maps', ...main])).toEqual([
      ['checkout', 8, join(installed.directory, 'cart.mts')],
    ]);
    expect(await sites('cart.mjs', text, main)).toEqual([
      ['checkout', lineOf('emit({ body: order.id })', generated), generated],
    ]);
    expect(lineOf('emit({ body: order.id })', generated)).not.toBe(8);
  });
});
