import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EVERYTHING, Shop } from '../sources/shop.ts';
import type { Ended } from './installed.ts';

// What variables add to records and make records of, in an application that knows nothing of it.

const shop = new Shop(EVERYTHING);

/** What LogTide has, in the order of arrival. */
function stored(): readonly { message: string; level: string; trace_id?: string; metadata: Record<string, unknown> }[] {
  return shop.sink.records('logtide').map(({ record }) => record as never);
}

function one(message: string | RegExp) {
  const found = stored().filter((each) =>
    typeof message === 'string' ? each.message === message : message.test(each.message),
  );
  expect(found.map((each) => each.message)).toHaveLength(1);
  return found[0] as ReturnType<typeof stored>[number];
}

async function run(source: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const ended = await shop.installed.run(source, { source: true, env: shop.env({ LOGFERRY_QUIET: 'true', ...env }) });
  if (ended.code === 0) expect(ended.stderr).toBe('');
  return ended;
}

const LOG = `const { logs } = require('@opentelemetry/api-logs');
  const log = (body, more) => logs.getLogger('shop').emit({ body, severityNumber: 9, severityText: 'INFO', ...more });`;

describe('records', () => {
  it('have the log context, whatever copy of logferry entered it', async () => {
    await run(`${LOG}
      const { setGlobalContext, withLogContext, withTraceId } = require('logferry');
      setGlobalContext({ region: 'eu-1' });
      withLogContext({ 'user.id': 'u-1' }, () => withTraceId('${'ab'.repeat(16)}', () => log('inside')));
      log('outside');`);
    expect(one('inside')).toMatchObject({ trace_id: 'ab'.repeat(16), metadata: { region: 'eu-1', 'user.id': 'u-1' } });
    expect(one('outside').metadata).toMatchObject({ region: 'eu-1' });
    expect(one('outside').metadata).not.toHaveProperty(['user.id']);
  });

  it('have trace ids outside of traces and their call site, if asked', async () => {
    await run(`${LOG}\nlog('plain');`);
    expect(one('plain').trace_id).toBeUndefined();
    shop.sink.clear();
    await run(`${LOG}\nlog('traced');`, { LOGFERRY_AUTO_TRACE_ID: 'true', LOGFERRY_CODE: 'true' });
    expect(one('traced').trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(one('traced').metadata['code.line.number']).toEqual(expect.any(Number));
  });

  it('have no secrets, unless asked for', async () => {
    const source = `${LOG}\nlog('password=hunter2', { attributes: { apiKey: 'k-123', 'user.id': 'u-1' } });`;
    await run(source, { LOGFERRY_HASH_FIELDS: 'user.id', LOGFERRY_HASH_KEY: '0123456789abcdef' });
    const [redacted] = stored();
    expect(redacted?.message).toBe('password=[REDACTED]');
    expect(redacted?.metadata).toMatchObject({ apiKey: '[REDACTED]', 'user.id': expect.stringMatching(/^hmac:/) });
    shop.sink.clear();
    await run(source, { LOGFERRY_REDACT: 'false' });
    expect(stored()[0]).toMatchObject({ message: 'password=hunter2', metadata: { apiKey: 'k-123' } });
  });

  it('are fewer, with their number, if asked', async () => {
    const source = `${LOG}\nfor (let n = 0; n < 9; n += 1) log('again');
      for (let n = 0; n < 50; n += 1) log('noise ' + n, { severityNumber: 5, severityText: 'DEBUG' });`;
    await run(source, { LOGFERRY_REPEATS: 'true', LOGFERRY_SAMPLE: 'debug=0' });
    expect(stored().map(({ message, metadata }) => [message, metadata['logferry.repeats']])).toEqual([
      ['again', undefined],
      ['again', 8],
    ]);
  });
});

describe('what nobody catches', () => {
  const crash = `${LOG}\nlog('before'); throw new RangeError('kaput');`;

  it('is a record, kept by a spool; output and exit code stay as they are', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logferry-features-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const spool = { LOGFERRY_SPOOL_DIR: join(directory, 'spool') };
    const plain = await shop.installed.run(crash, { source: true, flags: [] });
    const ended = await run(crash, spool);
    expect([ended.code, ended.signal]).toEqual([plain.code, plain.signal]);
    // Only the frames of Node itself differ, as with any --import.
    const said = (text: string) => text.replace(/^(?:logferry LF013| {4}at ) .*\n/gm, '').replace(/^ {4}at .*\n/gm, '');
    expect(said(ended.stderr)).toBe(said(plain.stderr));
    await run('/* nothing */', spool);
    expect(one(/^(?:uncaught exception|unhandled rejection): RangeError: kaput$/)).toMatchObject({
      level: 'critical',
      metadata: { exception: { type: 'RangeError' } },
    });
    one('before');
  });

  it('is left alone, if asked', async () => {
    const { stderr } = await run(crash, { LOGFERRY_CAPTURE_UNCAUGHT: 'false' });
    expect(stderr).toContain('LF011 records not delivered when the process ended: logtide 1 ');
  });
});

describe('spans', () => {
  const server = `
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('late'), 60);
      else response.writeHead(request.url === '/broken' ? 500 : 200).end();
    }).listen(0, '127.0.0.1', async () => {
      const get = (path) => new Promise((resolve) => http.get({ port: server.address().port, path }, (answer) => {
        answer.resume().on('end', resolve);
      }));
      for (const path of ['/fine', '/slow?token=abc', '/broken', '/health']) await get(path.replace('?token=abc', ''));
      server.close();
    });`;

  it('of HTTP requests are logged, if asked', async () => {
    await run(server, { LOGFERRY_HTTP_LOG: 'responses', LOGFERRY_HTTP_SLOW: '50ms', LOGFERRY_HTTP_SKIP: '/health' });
    expect(one(/^GET \/fine 200 \(\d+ms\)$/)).toMatchObject({ level: 'info', trace_id: expect.any(String) });
    expect(one(/^GET \/slow 200 \(\d+ms\) \[SLOW: \d+ms >= 50ms\]$/)).toMatchObject({ level: 'warn' });
    expect(one(/^GET \/broken 500/)).toMatchObject({ level: 'error', metadata: { 'http.response.status_code': 500 } });
    expect(stored()).toHaveLength(3);
  });

  it('that were slow or failed are logged, if asked', async () => {
    await run(server, { LOGFERRY_SLOW: 'http.server>50ms' });
    expect(stored().map(({ message }) => message.replace(/\d+ ms/g, 'N ms'))).toEqual([
      expect.stringMatching(/^slow http\.server GET.* took N ms \(limit N ms\)$/),
      expect.stringMatching(/^failed http\.server GET/),
    ]);
  });
});
