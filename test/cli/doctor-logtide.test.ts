import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { examined, LOGTIDE_KEY, server, sinkFor, TRACE_ID } from './doctor-rig.ts';

interface Reads {
  readonly status: number;
  /** What the trace holds, for each time it is asked for; the last one stays. */
  readonly logs?: readonly (readonly object[])[];
}

/** A LogTide server below `/base` that answers reads as it is told, and what it was asked. */
async function logtideServer(reads: Reads, version = '1.0.2') {
  const asked: { readonly path: string; readonly key: unknown }[] = [];
  const answers = [...(reads.logs ?? [])];
  const answer = ({ method, url = '' }: IncomingMessage): { status: number; body: object } => {
    if (url === '/base/health') return { status: 200, body: { status: 'ok', version } };
    if (method === 'POST') return { status: 200, body: { received: 1 } };
    const logs = answers.length > 1 ? answers.shift() : answers[0];
    return { status: reads.status, body: reads.status === 200 ? { logs: logs ?? [] } : { error: 'Forbidden' } };
  };
  const origin = await server((request, response) => {
    asked.push({ path: request.url ?? '', key: request.headers['x-api-key'] });
    const { status, body } = answer(request);
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  return { asked, env: { LOGTIDE_API_URL: `${origin}/base`, LOGTIDE_API_KEY: LOGTIDE_KEY }, origin };
}

const STORED = { message: 'logferry doctor test record', traceId: TRACE_ID };

describe('logferry doctor, LogTide', () => {
  it('tells the server, the form and the type of the key, and reads the record back', async () => {
    const { env, asked } = await logtideServer({ status: 200, logs: [[STORED]] });
    const { of } = await examined({ env });
    const found = of('logtide');
    expect(found.DR027).toMatchObject({ status: 'ok', details: { version: '1.0.2', line: '1.0' } });
    expect(found.DR028?.status).toBe('ok');
    expect(found.DR029).toMatchObject({ status: 'ok', details: { status: 200 } });
    expect(found.DR029?.what).toContain('may also read');
    expect(found.DR030).toMatchObject({ status: 'ok', details: { traceId: TRACE_ID } });
    const read = asked.find(({ path }) => path.includes('/trace/'));
    expect(read).toEqual({ path: `/base/api/v1/logs/trace/${TRACE_ID}`, key: LOGTIDE_KEY });
    // What needs no key gets none.
    expect(asked.find(({ path }) => path === '/base/health')).toMatchObject({ key: undefined });
  });

  it('takes a key that may write only for what an application needs', async () => {
    const { env } = await logtideServer({ status: 403 });
    const { of } = await examined({ env });
    expect(of('logtide').DR029).toMatchObject({ status: 'ok', details: { status: 403 } });
    expect(of('logtide').DR029?.what).toContain('may write only');
    expect(of('logtide').DR030?.status).toBe('skipped');
  });

  it('waits a moment for a server that stores in the background', async () => {
    const { env, asked } = await logtideServer({ status: 200, logs: [[], [], [STORED]] });
    const { of } = await examined({ env });
    expect(of('logtide').DR030?.status).toBe('ok');
    expect(asked.filter(({ path }) => path.includes('/trace/'))).toHaveLength(3);
  });

  it('warns when what was taken is not to be read', async () => {
    const other = { message: 'logferry doctor test record', traceId: 'f'.repeat(32) };
    const { env, asked } = await logtideServer({ status: 200, logs: [[other, { message: 'hello' }]] });
    const { of } = await examined({ env });
    expect(of('logtide').DR030).toMatchObject({ status: 'warning' });
    expect(asked.filter(({ path }) => path.includes('/trace/'))).toHaveLength(4);
  });

  it('asks what the key may do without a test record as well', async () => {
    const { env, asked } = await logtideServer({ status: 401 });
    const { of } = await examined({ env }, { send: false });
    expect(of('logtide').DR029).toMatchObject({ status: 'error', details: { status: 401 } });
    expect(of('logtide').DR030?.status).toBe('skipped');
    expect(asked.map(({ path }) => path)).toContain('/base/api/v1/logs?limit=1');
  });

  it('knows the older line of servers, and the key and base path of a DSN', async () => {
    const { origin, asked } = await logtideServer({ status: 200, logs: [[STORED]] }, '0.5.0');
    const dsn = `${origin.replace('http://', `http://${LOGTIDE_KEY}@`)}/base`;
    const { of, report } = await examined({ env: { LOGTIDE_DSN: dsn } });
    expect(of('logtide').DR027?.details).toMatchObject({ version: '0.5.0', line: '0.5' });
    expect(of('logtide').DR030?.status).toBe('ok');
    expect(asked.find(({ path }) => path.includes('/trace/'))?.key).toBe(LOGTIDE_KEY);
    expect(JSON.stringify(report)).not.toContain(LOGTIDE_KEY);
  });

  it('says when the key has not the form of one, and when the server is another one', async () => {
    const origin = await server((request, response) => {
      request.resume().on('end', () => response.end('<html>Welcome</html>'));
    });
    const { of } = await examined({ env: { LOGTIDE_API_URL: origin, LOGTIDE_API_KEY: 'lp_short-but-secret' } });
    expect(of('logtide').DR027).toMatchObject({ status: 'warning', details: { status: 200 } });
    expect(of('logtide').DR028?.what).toContain('not the length');
    const { of: without } = await examined({ env: { LOGTIDE_API_URL: origin, LOGTIDE_API_KEY: 'no-key-at-all' } });
    expect(without('logtide').DR028).toMatchObject({ status: 'warning' });
    expect(without('logtide').DR028?.what).toContain('does not begin with lp_');
  });

  it('goes on when only the ingest answers', async () => {
    const origin = await server((request, response) => {
      if (request.method === 'GET') request.socket.destroy();
      else request.resume().on('end', () => response.end('{"received":1}'));
    });
    const { of } = await examined({ env: { LOGTIDE_API_URL: origin, LOGTIDE_API_KEY: LOGTIDE_KEY } });
    expect(of('logtide').DR025?.status).toBe('ok');
    expect(of('logtide').DR027).toMatchObject({ status: 'warning', details: { code: 'ECONNRESET' } });
    expect(of('logtide').DR027?.what).toBe('/health gives no answer: the connection was cut (ECONNRESET)');
    expect(of('logtide').DR029?.status).toBe('skipped');
  });

  it('reads back from the sink, which is such a server', async () => {
    const sink = await sinkFor();
    const { LOGTIDE_API_URL = '', LOGTIDE_API_KEY = '' } = sink.env();
    const { of } = await examined({ env: { LOGTIDE_API_URL, LOGTIDE_API_KEY } });
    expect(of('logtide').DR027?.details).toMatchObject({ version: '1.0.2' });
    expect(of('logtide').DR025?.status).toBe('ok');
  });
});
