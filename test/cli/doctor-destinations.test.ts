import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { deadPort, type Env, examined, LOGTIDE_KEY, only, server, sinkFor, TRACE_ID, takesAll } from './doctor-rig.ts';

const logtideAt = (url: string): Env => ({ LOGTIDE_API_URL: url, LOGTIDE_API_KEY: LOGTIDE_KEY });
const redarchAt = (url: string): Env => ({ RARCH_LOGGING_URL: url, RARCH_LOGGING_API_KEY: 'key-of-redarch-for-tests' });

describe('logferry doctor, destinations', () => {
  it('sends each platform a record that says it is a test, and finds all of them well', async () => {
    const sink = await sinkFor();
    const { report, of } = await examined({ env: { ...sink.env(), OTEL_SERVICE_NAME: 'shop' } });
    for (const name of ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr']) {
      const found = of(name);
      expect(Object.values(found).map(({ code, status }) => [code, status])).not.toContainEqual([
        expect.anything(),
        'error',
      ]);
      expect(found.DR025).toMatchObject({ status: 'ok', details: { traceId: TRACE_ID, status: 200 } });
      expect(found.DR025?.what).toContain(TRACE_ID);
      expect(found.DR026).toMatchObject({ status: 'ok', what: 'the clocks agree' });
      const [sent, ...more] = sink.records(name as 'logtide');
      expect(more).toEqual([]);
      const text = JSON.stringify(sent?.record);
      expect(text).toContain('logferry doctor test record');
      expect(text).toContain('logferry.doctor');
      expect(text).toContain(TRACE_ID);
      expect(text).toContain('shop');
    }
    // Everybody's data is told apart by one attribute.
    expect(sink.records('redarch')[0]?.record).toMatchObject({ context: { 'logferry.doctor': true } });
    expect(sink.records('logtide')[0]?.record).toMatchObject({
      metadata: { 'logferry.doctor': true, 'logferry.doctor.id': TRACE_ID },
    });
    expect(report.groups.map(({ name }) => name)).toEqual([
      ...['environment', 'opentelemetry', 'odysseus', 'logtide', 'redarch', 'loggier', 'trakerr', 'spool'],
    ]);
  });

  it.each([
    ['a wrong key', { status: 401 }, 'error', /the key is refused \(401\)/],
    ['a key without the right', { status: 403 }, 'error', /may not write here \(403\)/],
    ['a wrong path', { status: 404 }, 'error', /no ingest at this address \(404\)/],
    ['a refused record', { status: 400, body: { error: 'Validation error' } }, 'error', /is refused \(400\)/],
    ['too many requests', { status: 429 }, 'warning', /asked too much \(429\)/],
    ['a used-up quota', { status: 402 }, 'error', /quota is used up \(402\)/],
    ['a sick server', { status: 503 }, 'error', /in trouble or is another one \(503\)/],
    ['a tiny limit', { status: 413 }, 'error', /too large \(413\)/],
    ['storage that is down', { status: 200, body: { received: 0 } }, 'error', /answers 200 but stores nothing/],
    ['somebody else', { status: 200, body: 'Welcome!' }, 'error', /not a LogTide answer/],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://other.example.com/secret/path' } },
      'error',
      /redirects to https:\/\/other\.example\.com \(302\)/,
    ],
  ] as const)('says what to do about %s', async (_name, answer, status, what) => {
    const sink = await sinkFor({ respond: () => answer });
    const { of } = await examined({ env: only(sink, 'LOGTIDE') });
    const { DR025: found } = of('logtide');
    expect(found).toMatchObject({ status, details: { status: answer.status } });
    expect(found?.what).toMatch(what);
    expect(found?.fix).toMatch(/\w/);
    // One attempt only, and what is known of the key elsewhere is not claimed.
    expect(sink.counts().logtide.requests).toBe(1);
    expect(of('logtide').DR030?.status).toBe('skipped');
  });

  it('says that a name does not exist, and tries nothing behind it', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    const { of } = await examined({ env: logtideAt('https://logs.invalid'), lookup });
    const found = of('logtide');
    expect(found.DR021).toMatchObject({ status: 'error', details: { host: 'logs.invalid', code: 'ENOTFOUND' } });
    expect(found.DR021?.what).toBe('logs.invalid cannot be resolved: the name does not exist (ENOTFOUND)');
    const skipped = Object.values(found).filter(({ status }) => status === 'skipped');
    expect(skipped.map(({ code }) => code)).toEqual([
      ...['DR022', 'DR023', 'DR025', 'DR026', 'DR027', 'DR028', 'DR029', 'DR030'],
    ]);
  });

  it('cannot resolve a reserved name with the real resolver either', async () => {
    const { of } = await examined({ env: logtideAt('https://logs.invalid') });
    expect(of('logtide').DR021?.status).toBe('error');
    expect(of('logtide').DR025?.status).toBe('skipped');
  });

  it('says that nothing listens', async () => {
    const { of, report } = await examined({ env: logtideAt(`http://127.0.0.1:${await deadPort()}`) });
    expect(of('logtide').DR022).toMatchObject({ status: 'error' });
    expect(of('logtide').DR022?.what).toMatch(/nothing listens there.*ECONNREFUSED/);
    expect(of('logtide').DR025?.status).toBe('skipped');
    expect(report.status).toBe('error');
  });

  it('shows every address, and that one of them is dead', async () => {
    const sink = await sinkFor();
    const lookup = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    const env = { ...only(sink, 'LOGTIDE'), LOGTIDE_API_URL: `http://localhost:${sink.port}` };
    const { of } = await examined({ env, lookup });
    expect(of('logtide').DR021?.details).toMatchObject({ addresses: ['127.0.0.1', '::1'], ipv6: true });
    expect(of('logtide').DR022).toMatchObject({ status: 'warning' });
    expect(of('logtide').DR022?.what).toContain('::1');
    expect(of('logtide').DR022?.what).not.toContain('127.0.0.1:');
  });

  it('waits no longer than it was told', async () => {
    const sink = await sinkFor({ faults: { hang: true } });
    const { of } = await examined({ env: only(sink, 'TRAKERR'), timeoutMillis: 150 });
    expect(of('trakerr').DR025).toMatchObject({ status: 'error', details: { code: 'TIMEOUT' } });
    expect(of('trakerr').DR025?.what).toBe('no answer to the test record: no answer in time (TIMEOUT)');
  });

  it('gives up on a resolver that does not answer', async () => {
    const waited: number[] = [];
    const clock = {
      ...systemClock,
      sleep: async (millis: number) => {
        waited.push(millis);
      },
    };
    const lookup = () => new Promise<never>(() => {});
    const env = logtideAt('https://logs.example.com');
    const { of } = await examined({ env, lookup, clock, timeoutMillis: 1_234_567 });
    expect(of('logtide').DR021).toMatchObject({ status: 'error', details: { code: 'TIMEOUT' } });
    expect(waited).toContain(1_234_567);
  });

  it('measures the clock against the server', async () => {
    const at = (skewMillis: number) => ({ ...systemClock, wallNow: () => Date.now() + skewMillis });
    const skewed = async (skewMillis: number, env: Env) => {
      const { of } = await examined({ env, clock: at(skewMillis) });
      return Object.values(of('logtide'))
        .concat(Object.values(of('redarch')))
        .find(({ code }) => code === 'DR026');
    };
    const origin = await server(takesAll);
    expect(await skewed(20_000, logtideAt(origin))).toMatchObject({ status: 'ok' });
    const ahead = await skewed(90_000, logtideAt(origin));
    expect(ahead).toMatchObject({ status: 'warning' });
    expect(ahead?.what).toMatch(/^the clock of this machine is \d\d s ahead of the server's/);
    const behind = await skewed(-7_200_000, logtideAt(origin));
    expect(behind?.status).toBe('warning');
    expect(behind?.what).toContain('2 h behind');
    expect(await skewed(-240_000, redarchAt(`${origin}/log`))).toMatchObject({ status: 'warning' });
    const expired = await skewed(-7_200_000, redarchAt(`${origin}/log`));
    expect(expired).toMatchObject({ status: 'error' });
    expect(expired?.what).toContain('tokens are not valid');
  });

  it('sends once more when the server refuses a token only for its time', async () => {
    const statuses: number[] = [];
    const origin = await server((request, response) => {
      const serverNow = Date.now() + 7_200_000;
      const payload = request.headers.authorization?.split('.')[1] ?? '';
      const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
      response.statusCode = exp * 1_000 > serverNow ? 200 : 401;
      statuses.push(response.statusCode);
      response.setHeader('date', new Date(serverNow).toUTCString());
      request.resume().on('end', () => response.end());
    });
    const { of } = await examined({ env: redarchAt(`${origin}/log`) });
    expect(statuses).toEqual([401, 200]);
    expect(of('redarch').DR025).toMatchObject({ status: 'warning', details: { verdict: 'delivered', status: 200 } });
    expect(of('redarch').DR025?.what).toContain('only with a token for the time of the server');
    expect(of('redarch').DR026?.status).toBe('error');
    expect(of('redarch').DR026?.what).toContain('2 h behind');
  });

  it('asks for the time only, and sends nothing, with --no-send', async () => {
    const sink = await sinkFor();
    const { of } = await examined({ env: sink.env() }, { send: false });
    for (const { requests } of Object.values(sink.counts())) expect(requests).toBe(0);
    expect(of('trakerr').DR025).toMatchObject({ status: 'skipped' });
    expect(of('trakerr').DR026?.status).toBe('ok');
  });

  it('leaves the network alone with --offline', async () => {
    const lookup = () => Promise.reject(new Error('asked for a name'));
    const { of } = await examined({ env: logtideAt('https://logs.example.com'), lookup }, { offline: true });
    expect(Object.values(of('logtide')).map(({ code, status }) => `${code} ${status}`)).toEqual([
      ...['DR020 ok', 'DR021 skipped', 'DR022 skipped', 'DR023 skipped', 'DR025 skipped', 'DR026 skipped'],
      ...['DR027 skipped', 'DR028 skipped', 'DR029 skipped', 'DR030 skipped'],
    ]);
  });

  it('looks at the platforms that were asked for', async () => {
    const sink = await sinkFor();
    const { report } = await examined({ env: sink.env() }, { platforms: ['loggier', 'trakerr'] });
    const names = report.groups.filter(({ kind }) => kind === 'destination').map(({ name }) => name);
    expect(names).toEqual(['loggier', 'trakerr']);
    expect(sink.counts().odysseus.requests).toBe(0);
  });

  it('does not pass over a platform that was asked for and is not set up', async () => {
    const { of, report } = await examined({ env: logtideAt('https://logs.invalid') }, { platforms: ['trakerr'] });
    expect(of('trakerr')).toMatchObject({ DR020: { status: 'error' } });
    expect(of('logtide')).toEqual({});
    expect(report.status).toBe('error');
  });

  it('warns of an address that is not encrypted', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    const env = { ...logtideAt('http://logs.example.com'), LOGFERRY_ALLOW_INSECURE: 'true' };
    const { of } = await examined({ env, lookup });
    expect(of('logtide').DR020).toMatchObject({ status: 'warning', details: { origin: 'http://logs.example.com' } });
  });

  it('says that a proxy has no effect, without its password', async () => {
    const sink = await sinkFor();
    const proxy = { HTTPS_PROXY: 'http://carol:hunter2222@proxy.example.com:3128' };
    const { of: good } = await examined({ env: { ...only(sink, 'LOGTIDE'), ...proxy } });
    expect(good('logtide').DR024).toMatchObject({
      status: 'ok',
      details: { variable: 'HTTPS_PROXY', proxy: 'proxy.example.com:3128', used: false },
    });
    const env = { ...logtideAt(`http://127.0.0.1:${await deadPort()}`), ...proxy };
    const { of: bad, report } = await examined({ env });
    expect(bad('logtide').DR024).toMatchObject({ status: 'warning' });
    expect(JSON.stringify(report)).not.toMatch(/carol|hunter2/);
    const { of: none } = await examined({ env: only(sink, 'LOGTIDE') });
    expect(none('logtide').DR024).toBeUndefined();
  });
});
