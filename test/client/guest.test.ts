import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogTideClient } from '../../src/client/logtide.ts';
import { fakeLogTide, row } from './fake-logtide.ts';

const DIST = new URL('../../dist/client/logtide.js', import.meta.url).href;

/** Runs a module in a process of its own and gives what it printed when it has ended by itself. */
async function child(code: string): Promise<string> {
  const running = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void running.kill('SIGKILL'));
  let text = '';
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => running.on('close', resolve));
  return text;
}

describe('the LogTide client as a guest of the application', () => {
  it('leaves no span behind, by query or by live tail', async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    const suppressed: boolean[] = [];
    const note = (): void => void suppressed.push(isTracingSuppressed(context.active()));
    // Where the instrumentation of undici begins its spans.
    subscribe('undici:request:create', note);
    onTestFinished(() => {
      unsubscribe('undici:request:create', note);
      context.disable();
      manager.disable();
    });
    const server = await fakeLogTide('B', Date.now);
    server.store(row(1, Date.now()));
    const client = new LogTideClient({ url: server.url, apiKey: 'lp_key' });
    onTestFinished(() => client.close());
    for await (const _ of client.tail({ since: new Date(Date.now() - 10_000) })) break;
    expect(suppressed).toEqual([true, true]);
  });

  it("leaves the application's fetch alone, and lets a finished process end", async () => {
    const server = await fakeLogTide('B', Date.now);
    const text = await child(`
      const { LogTideClient } = await import(${JSON.stringify(DIST)});
      const symbol = Symbol.for('undici.globalDispatcher.1');
      const client = new LogTideClient({ url: ${JSON.stringify(server.url)}, apiKey: 'lp_key' });
      const { total } = await client.query();
      const dispatcher = globalThis[symbol];
      const { status } = await fetch(${JSON.stringify(`${server.url}/health`)});
      console.log(JSON.stringify([total, status, globalThis[symbol] === dispatcher, dispatcher instanceof (await import('undici')).Agent]));
    `);
    expect(JSON.parse(text)).toEqual([0, 200, true, false]);
  });
});
