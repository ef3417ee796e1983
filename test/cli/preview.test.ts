import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { previewsOf } from '../../src/cli/preview.ts';
import { EXAMPLES } from '../../src/cli/preview-examples.ts';
import { recordOf } from '../../src/cli/preview-parts.ts';
import { partsOf } from '../../src/cli/preview-record.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { type Env, LOGTIDE_KEY, logferry, sinkFor } from './doctor-rig.ts';
import { temporary } from './spool-rig.ts';

const ALL = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

interface Document {
  readonly shape: string;
  readonly platforms: readonly {
    readonly platform: string;
    readonly requests: readonly { method: string; url: string; headers: Env; body: unknown; bytes: number }[];
    readonly fields: readonly { name: string; state: string; places: readonly object[] }[];
    readonly lost: readonly string[];
    readonly cut: readonly string[];
  }[];
}

const preview = (args: readonly string[], options: { env?: Env; input?: string } = {}) =>
  logferry(['preview', ...args], options);

describe('logferry preview', () => {
  it('shows the requests of all platforms without any credentials', async () => {
    const { code, stdout, stderr } = await preview(['--example', 'error']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect([...stdout.matchAll(/^── (\w+) ──$/gm)].map(([, name]) => name)).toEqual(ALL);
    expect(stdout).toContain('POST https://odysseus.codetitans.dev/api/logs/****/**** (');
    expect(stdout).toContain('POST https://api.loggier.app/api/ingest/**** (');
    expect(stdout).toContain('  x-api-key: ****\n');
    expect(stdout).toContain('  authorization: Bearer ****\n');
    expect(stdout).toContain('  "apiKey": "****",');
    expect(stdout).toMatch(/ {2}✓ attributes\["tenant\.id"\] +tenant_id\n/);
    expect(stdout).toMatch(/ {2}○ attributes\["tenant\.id"\] +customProperties\.stringData\.customData10 \(JSON\)/);
    expect(stdout).toMatch(
      /^Of \d+ values: \d+ in fields of the platform, \d+ in free-form data, \d+ without a place$/m,
    );
    expect(stdout).not.toContain('\u001b');
  });

  it("shows what the platform's own codec and endpoint make", () => {
    const { parts } = partsOf(EXAMPLES.request);
    const [shown] = previewsOf(parts, ['logtide'], { LOGTIDE_API_URL: 'https://logs.example.com/base' });
    const { codec, endpoint } = logtide({ url: 'https://logs.example.com/base', apiKey: '****' }).logs;
    const { open, close } = codec.framing(1);
    // The id of the event differs each time.
    const without = (text: string) => text.replace(/"event_id":"[^"]+"/, '');
    const expected = `${open}${codec.encode(recordOf(parts))}${close}`;
    expect(without(shown?.requests[0]?.body ?? '')).toBe(without(expected));
    expect(shown?.requests).toMatchObject([
      {
        ...{ channel: 'logs', method: 'POST', url: 'https://logs.example.com/base/api/v1/ingest' },
        headers: endpoint.request(Buffer.from(''), 1).headers,
        bytes: Buffer.byteLength(expected),
      },
    ]);
  });

  it('prints bodies byte for byte with --raw', async () => {
    const record = { timestamp: '2026-01-02T03:04:05.678Z', body: 'žluťoučký "kůň"\n\u0007', severity: 'info' };
    const args = ['--record', '-', '--platform', 'trakerr', '--raw'];
    const { code, stdout } = await preview(args, { input: JSON.stringify(record) });
    expect(code).toBe(0);
    const platform = trakerr({ apiKey: '****' });
    const text = platform.logs.codec.encode(recordOf(partsOf(record).parts));
    const exact = Buffer.from(platform.logs.endpoint.request(Buffer.from(text), 1).body).toString();
    // The load of the machine is sampled.
    const steady = (body: string) => body.replace(/"(?:cpu|memory)Percentage":\d+,/g, '');
    expect(steady(stdout)).toBe(`${steady(exact)}\n`);
  });

  it('sends requests that a server of the platform takes', async () => {
    const sink = await sinkFor();
    const env = { ...sink.env(), ODYSSEUS_APP_ID: 'app_1', LOGTIDE_API_URL: sink.url };
    const { stdout } = await preview(['--example', 'event', '--json'], { env });
    const { platforms } = JSON.parse(stdout) as Document;
    expect(platforms.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1, 1]);
    expect(platforms.map(({ requests }) => new URL(requests[0]?.url ?? '').origin)).toEqual(ALL.map(() => sink.url));
    // Nothing was sent by the preview itself.
    for (const { requests } of Object.values(sink.counts())) expect(requests).toBe(0);
    const logtideRequest = platforms[1]?.requests[0];
    const answer = await fetch(logtideRequest?.url ?? '', {
      method: 'POST',
      headers: { ...logtideRequest?.headers, 'x-api-key': sink.credentials.logtideApiKey },
      body: JSON.stringify(logtideRequest?.body),
    });
    expect(await answer.json()).toMatchObject({ received: 1 });
  });

  it('prints one JSON document for machines', async () => {
    const { code, stdout } = await preview(['--example', 'error', '--json', '--platform', 'redarch']);
    expect(code).toBe(0);
    const { shape, platforms } = JSON.parse(stdout) as Document;
    expect(shape).toBe('opentelemetry');
    expect(platforms.map(({ platform }) => platform)).toEqual(['redarch']);
    expect(platforms[0]?.requests[0]?.body).toMatchObject({ level: 'ERROR', tenant_id: 'acme', user_id: 'u-7' });
    expect(platforms[0]?.lost).toEqual([]);
    expect(platforms[0]?.fields.find(({ name }) => name === 'attributes["tenant.id"]')).toMatchObject({
      state: 'own',
      places: [{ path: 'tenant_id', form: 'same', field: 'own' }],
    });
  });

  it('names what is lost', async () => {
    const record = { body: 'x', attributes: { long: 'a'.repeat(20_000) } };
    const { stdout } = await preview(['--record', '-', '--json'], { input: JSON.stringify(record) });
    const { platforms } = JSON.parse(stdout) as Document;
    const lost = Object.fromEntries(platforms.map(({ platform, lost }) => [platform, lost]));
    expect(lost.trakerr).toEqual(['attributes.long']);
    expect(lost.logtide).toEqual([]);
    const { stdout: text } = await preview(['--record', '-', '--platform', 'trakerr'], {
      input: JSON.stringify(record),
    });
    expect(text).toMatch(/ {2}✗ attributes\.long +no place\n/);
    expect(text).toContain('1 without a place');
  });

  it('reads a file', async () => {
    const file = join(temporary(), 'app.log');
    fs.writeFileSync(file, '{"level":40,"time":1767323045678,"msg":"stock is low"}\n{"level":30,"time":1,"msg":"y"}\n');
    const { stdout } = await preview(['--record', file, '--json', '--platform', 'redarch']);
    const { shape, platforms } = JSON.parse(stdout) as Document;
    expect(shape).toBe('pino');
    expect(platforms[0]?.requests[0]?.body).toMatchObject({ level: 'WARN', message: 'stock is low' });
  });

  it('shows no credential of the environment', async () => {
    const sink = await sinkFor();
    const planted = {
      ...sink.env(),
      ODYSSEUS_APP_KEY: 'planted-odysseus',
      RARCH_LOGGING_API_KEY: 'planted-redarch',
      LOGGIER_API_KEY: 'planted-loggier',
      TRAKERR_API_KEY: 'planted-trakerr',
      LOGTIDE_DSN: `https://${LOGTIDE_KEY}@logs.example.com`,
    };
    for (const form of [[], ['--json'], ['--raw']]) {
      const { stdout, stderr } = await preview(['--example', 'event', ...form], { env: planted });
      expect(`${stdout}${stderr}`).not.toMatch(/planted|lp_|eyJ/);
      if (form.length === 0) expect(stdout).toContain('POST https://logs.example.com/api/v1/ingest');
    }
  });

  it.each(Object.keys(EXAMPLES))('has an example %s that loses nothing of note', async (example) => {
    const { parts } = partsOf(EXAMPLES[example]);
    for (const { requests, fields } of previewsOf(parts, ALL, {})) {
      expect(requests).toHaveLength(1);
      expect(fields.filter(({ places }) => places.length === 0)).toEqual([]);
    }
  });

  it.each([
    [['--example', 'eror'], 'unknown example "eror"; did you mean error?'],
    [['--platform', 'trackerr'], 'unknown platform "trackerr"; did you mean trakerr?'],
    [['--recrod', 'x'], 'unknown option "--recrod"; did you mean --record?'],
    [['--json', '--raw'], 'give --json or --raw, not both'],
    [['--record', '-', '--example', 'error'], 'give --record or --example, not both'],
    [['--record', '/nowhere/record.json'], '--record /nowhere/record.json: cannot be read (ENOENT)'],
  ])('exits with 2 for %j', async (args, complaint) => {
    const { code, stdout, stderr } = await preview(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`logferry preview: ${complaint} (see logferry preview --help)\n`);
  });

  it('exits with 2 for a record that cannot be understood, and says where', async () => {
    const { code, stdout, stderr } = await preview(['--record', '-'], { input: '{"body":"x","attributs":{}}' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe('logferry preview: attributs: did you mean attributes? (see logferry preview --help)\n');
  });

  it('escapes what a terminal would obey', async () => {
    const input = JSON.stringify({ body: '\u001b[2J\u202egone', attributes: { '\u001b]0;x\u0007': 'y' } });
    const { stdout } = await preview(['--record', '-', '--platform', 'loggier'], { input });
    expect(stdout).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  it('tells what it can do', async () => {
    const { code, stdout } = await preview(['--help']);
    expect(code).toBe(0);
    for (const word of ['--record', '--example', '--platform', '--json', '--raw', ...Object.keys(EXAMPLES)]) {
      expect(stdout).toContain(word);
    }
  });
});
