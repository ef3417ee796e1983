import { describe, expect, it } from 'vitest';
import { type SinkCredentials, type SinkPlatform, startSink } from '../../src/sink/sink.ts';
import { type CapturedRequest, captures, haveCaptures } from './captures.ts';
import { call } from './http.ts';

// Replays what the official clients put on the wire. A check that refuses a valid golden request is too strict.

/** Official requests that the sink refuses on purpose: field and reason, by `capture` or `capture#request`. */
const refusedOnPurpose: Record<string, { readonly status: number; readonly because: RegExp }> = {
  // A key with an unescaped slash: the client's fault 16.
  'odysseus/py-path-quoting-slash': { status: 404, because: /app key/ },
  // `+` for a space is form encoding, wrong in a path.
  'odysseus/android-path-quoting': { status: 401, because: /app id/ },
  // Signed with the empty key, because none was configured.
  'redarch/simple-empty-secret': { status: 401, because: /signature/ },
  // The client does not check types; a list and a text are no context, an object is no message.
  'redarch/simple-context-non-object#0': { status: 400, because: /context: must be an object/ },
  'redarch/simple-context-non-object#1': { status: 400, because: /context: must be an object/ },
  'redarch/simple-context-non-object#2': { status: 400, because: /message: must be a string/ },
  // Required fields that the client leaves out.
  'trakerr/log-empty-dict': { status: 400, because: /eventType: is missing/ },
  'trakerr/log-fresh-client-cpu0': { status: 400, because: /eventType: is missing/ },
  'trakerr/js-send-error-documented-callback': { status: 400, because: /classification: is missing/ },
  // Declared int64, sent as text because the caller gave text.
  'trakerr/log-all-arguments': { status: 400, because: /contextOperationTimeMillis: must be an integer/ },
  // The JavaScript client sends "line:column" text where the model declares an integer.
  'trakerr/js-send-error-async-stack': { status: 400, because: /bad line: must be an integer/ },
  'trakerr/js-send-error-cause': { status: 400, because: /bad line: must be an integer/ },
  'trakerr/js-send-error-custom-class': { status: 400, because: /bad line: must be an integer/ },
};

const redarchSecret = 'test-secret-0123456789abcdef0123456789abcdef';

// Long bodies are kept parsed only.
const textOf = ({ body }: CapturedRequest): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** What each client was configured with when it was captured. */
const credentialsOf: Record<string, (request: CapturedRequest, input: unknown) => Partial<SinkCredentials>> = {
  odysseus: (request, input) => {
    const client = (input as { client?: { app_id?: string; app_key?: string } } | undefined)?.client ?? {};
    const [, , , id = '', key = ''] = request.path.split('/').map(decodeURIComponent);
    return { odysseusAppId: client.app_id ?? id.replaceAll('+', ' '), odysseusAppKey: client.app_key ?? key };
  },
  redarch: () => ({ redarchApiKey: redarchSecret }),
  loggier: () => ({ loggierApiKey: 'lgk_TEST_0123456789abcdef' }),
  trakerr: (request) => ({ trakerrApiKey: String((JSON.parse(textOf(request)) as { apiKey?: string }).apiKey) }),
};

const ingest = /^\/(?:api\/(?:logs|events|ingest)\/|log$|api\/v1\/events$)/;

function cases(platform: SinkPlatform, pattern: RegExp) {
  return captures(platform, pattern).flatMap(({ name, input, requests }) =>
    requests
      .map((request, index) => ({ request, index }))
      .filter(({ request }) => ingest.test(request.path))
      .map(({ request, index }) => {
        const title = `${platform}/${name}${requests.length > 1 ? `#${index}` : ''}`;
        return [title, request, input] as const;
      }),
  );
}

for (const [platform, pattern, least] of [
  ['odysseus', /^(?:py|android)-/, 35],
  ['redarch', /^(?:simple|flat|threaded)/, 25],
  ['loggier', /./, 60],
  ['trakerr', /./, 30],
] as const) {
  const all = cases(platform, pattern);
  describe.skipIf(!haveCaptures)(`${platform}: ${all.length} official requests`, () => {
    it('has requests to replay', () => {
      expect(all.length).toBeGreaterThanOrEqual(least);
    });

    it.each(all)('%s', async (title, request, input) => {
      const reasons: (string | undefined)[] = [];
      const nowMillis = (request.jwt?.claims.iat ?? 0) * 1000;
      const sink = await startSink({
        credentials: credentialsOf[platform]?.(request, input) ?? {},
        now: () => nowMillis,
        onRequest: (_request, answer) => reasons.push(answer.reason),
      });
      try {
        const body = textOf(request);
        // Lengths no longer fit where the capture replaced paths; node:http declares the right one.
        const { 'Content-Length': _length, ...headers } = request.headers;
        const reply = await call(sink.port, { path: request.path, headers, body });
        const refusal = refusedOnPurpose[title];
        if (refusal) {
          expect([reply.status, reasons[0]]).toEqual([refusal.status, expect.stringMatching(refusal.because)]);
          expect(sink.records()).toEqual([]);
        } else {
          expect([reply.status, reasons[0]]).toEqual([200, undefined]);
          const sent = JSON.parse(body) as Record<string, unknown> | Record<string, unknown>[];
          const list = Array.isArray(sent) ? sent : [sent];
          const expected = list.map((record) => ('apiKey' in record ? { ...record, apiKey: '[REDACTED]' } : record));
          expect(sink.records().map(({ record }) => record)).toEqual(expected);
          expect(new Set(sink.records().map((record) => `${record.platform}/${record.channel}`))).toEqual(
            new Set([`${platform}/${request.path.startsWith('/api/events/') ? 'events' : 'logs'}`]),
          );
        }
      } finally {
        await sink.close();
      }
    });
  });
}

it.skipIf(!haveCaptures)('refuses on purpose only captures that exist', () => {
  const titles = new Set(
    (['odysseus', 'redarch', 'loggier', 'trakerr'] as const).flatMap((platform) =>
      cases(platform, /./).map(([title]) => title),
    ),
  );
  expect(Object.keys(refusedOnPurpose).filter((title) => !titles.has(title))).toEqual([]);
});
