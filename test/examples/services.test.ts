import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sink, SinkPlatform } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';
import { sinkPlatforms } from '../../src/sink/types.ts';
import { examplesFolder } from './run-example.ts';
import type { Call } from './service.ts';
import { Service } from './service.ts';
import type { Line } from './service-lines.ts';
import { bunyanLines, consoleLines, pinoLines, winstonLines } from './service-lines.ts';
import type { Stored } from './stored-line.ts';
import { LEVELS, storedLine } from './stored-line.ts';

const START_LINE = /^logferry \d+\.\d+\.\d+: logs of "([^"]+)" go to [^\n]*\n/;
const SPAN_ID = /^[0-9a-f]{16}$/;

interface Case {
  readonly env?: Readonly<Record<string, string>>;
  /** Finds the port in what the service prints. */
  readonly port: RegExp;
  /** Makes requests and looks at their answers. */
  readonly drive: (service: Service) => Promise<void>;
  /** Lines that the service has written, by its own account. */
  readonly lines: (stdout: string, stderr: string) => readonly Line[];
  /** How a line begins that ends the work on one HTTP request, downstream requests included. */
  readonly served: (line: Line) => boolean;
  /** Messages of lines that have to be among them. */
  readonly say: readonly RegExp[];
}

const times = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
  answers.map(({ status }) => status);

const CASES: Readonly<Record<string, Case>> = {
  orders: {
    port: /"port":(\d+)/,
    lines: pinoLines,
    served: ({ message }) => message === 'request served',
    say: [
      /^order o-\d+ placed$/,
      /^card declined$/,
      /^order paid$/,
      /^payment$/,
      /^request refused$/,
      /^payment of o-1 failed$/,
    ],
    drive: async (service) => {
      const placed = await Promise.all(
        times(10).map((index) =>
          service.ask('POST', '/orders', {
            customer: `c-${index}`,
            items: [{ sku: 'tea', quantity: index + 1, price: 12.5 }],
          }),
        ),
      );
      expect(statuses(placed)).toEqual(times(10).map(() => 201));
      const ids = placed.map(({ body }) => body.id);
      const answers = await Promise.all([
        ...ids.map((id, index) => service.ask('POST', `/orders/${id}/payment`, { card: `411111111111${index % 3}` })),
        ...ids.map((id) => service.ask('GET', `/orders/${id}`)),
        service.ask('POST', '/orders/o-1/payment', {}),
        service.ask('POST', '/orders', { customer: 'c' }),
        service.ask('POST', '/orders', '{"customer":'),
        service.ask('GET', '/orders/nothing'),
      ]);
      expect(statuses(answers)).toEqual([
        ...times(10).map((index) => (index % 3 === 0 ? 402 : 200)),
        ...times(10).map(() => 200),
        ...[502, 400, 400, 404],
      ]);
    },
  },
  inventory: {
    port: /"port":(\d+)/,
    lines: winstonLines,
    served: ({ message }) => message === 'request served',
    say: [/^price of tea asked for$/, /^reserved$/, /^reservation refused$/, /^stock of broken cannot be read$/],
    drive: async (service) => {
      const answers = await Promise.all([
        ...times(10).map((index) => service.ask('GET', `/items/${['tea', 'coffee'][index % 2]}`)),
        ...times(10).map((index) => service.ask('POST', '/items/tea/reservations', { quantity: index + 1 })),
        ...times(3).map(() => service.ask('GET', '/items/broken')),
        service.ask('POST', '/items/sugar/reservations', { quantity: 1 }),
        service.ask('POST', '/items/tea/reservations', { quantity: 'two' }),
        service.ask('POST', '/items/tea/reservations', '{"quantity":'),
        service.ask('GET', '/items/nothing'),
      ]);
      expect(statuses(answers)).toEqual([
        ...times(10).map(() => 200),
        ...times(10).map(() => 201),
        ...[500, 500, 500, 409, 422, 400, 404],
      ]);
    },
  },
  notifications: {
    port: /listening at http:\/\/127\.0\.0\.1:(\d+)/,
    lines: pinoLines,
    served: ({ message }) => message === 'request completed',
    say: [
      /^incoming request$/,
      /^notification sent$/,
      /^notification not sent$/,
      /^there is no template/,
      /^Cannot read/,
    ],
    drive: async (service) => {
      const send = (to: string, template: string) =>
        service.ask('POST', '/notifications', { to, template, urgent: true });
      const answers = await Promise.all([
        ...times(12).map((index) => send(`a${index}@example.com`, 'welcome')),
        ...times(3).map((index) => send(`full@${index}.example.com`, 'invoice')),
        send('bug@example.com', 'invoice'),
        send('a@example.com', 'nothing'),
        service.ask('POST', '/notifications', { to: 'a@example.com' }),
        service.ask('GET', '/nothing'),
      ]);
      expect(statuses(answers)).toEqual([...times(12).map(() => 202), ...[503, 503, 503, 500, 404, 400, 404]]);
    },
  },
  shipping: {
    port: /"port":(\d+)/,
    lines: bunyanLines,
    served: ({ message }) => message === 'request served',
    say: [/^carrier chosen$/, /^parcel p-\d+ shipped$/, /^refused: too heavy$/, /^parcel not shipped$/],
    drive: async (service) => {
      const ship = (weight: unknown) => service.ask('POST', `/parcels/p-${weight}?weight=${weight}`);
      const answers = await Promise.all([
        ...times(14).map((index) => ship(index + 1)),
        ship(40),
        ship('much'),
        ship(50),
      ]);
      expect(statuses(answers)).toEqual([...times(14).map(() => 201), ...[500, 422, 500]]);
    },
  },
  catalog: {
    env: { LOGFERRY_CONSOLE: 'true' },
    port: /listening on (\d+)/,
    lines: (stdout, stderr) => [
      ...consoleLines(stdout, (message) => (/\] found /.test(message) ? 'debug' : 'info')),
      ...consoleLines(stderr, (message) => (/\] unexpected /.test(message) ? 'error' : 'warn')),
    ],
    served: ({ message }) => /^\[[\w-]+\] (?:GET|PUT|POST) /.test(message),
    say: [/found \{ sku: 'tea'/, /no product cocoa$/, /page with 2 of 3 products$/, /unexpected BadFeed/],
    drive: async (service) => {
      const answers = await Promise.all([
        ...times(8).map((index) => service.ask('GET', `/products/${['tea', 'coffee'][index % 2]}`)),
        ...times(8).map(() => service.ask('GET', '/page')),
        service.ask('PUT', '/products/tea', { price: 5 }),
        service.ask('PUT', '/products/tea', { price: -5 }),
        service.ask('GET', '/products/nothing'),
        ...times(3).map(() => service.ask('POST', '/feed', '{"products":')),
      ]);
      expect(statuses(answers)).toEqual([...times(17).map(() => 200), ...[422, 404, 500, 500, 500]]);
    },
  },
};

function isTimeOf({ timeMillis, maySlip }: Line, stored: number): boolean {
  if (timeMillis === undefined) return !Number.isNaN(stored);
  return maySlip ? stored >= timeMillis : stored === timeMillis;
}

/** Whether `stored` is what the platform has to have of the line. */
function matches(line: Line, stored: Stored, platform: SinkPlatform): boolean {
  return (
    stored.message === line.message &&
    stored.level === LEVELS[platform][line.level] &&
    isTimeOf(line, stored.timeMillis) &&
    Object.entries(line.attributes).every(([name, value]) => isDeepStrictEqual(stored.attributes[name], value)) &&
    stored.error?.type === line.error?.type &&
    stored.error?.message === line.error?.message
  );
}

/** Each line with what a platform has stored of it; what is left over on either side. */
function pairsOf(lines: readonly Line[], stored: readonly Stored[], platform: SinkPlatform) {
  const left = new Set(stored);
  const missing: Line[] = [];
  const pairs: { readonly line: Line; readonly stored: Stored }[] = [];
  for (const line of lines) {
    const own = [...left].find((one) => matches(line, one, platform));
    if (own === undefined) missing.push(line);
    else {
      left.delete(own);
      pairs.push({ line, stored: own });
    }
  }
  return { pairs, missing, strays: [...left] };
}

function groupedByRequest<T extends { readonly line: Line }>(pairs: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const pair of pairs) {
    const { request } = pair.line;
    if (request !== undefined) groups.set(request, [...(groups.get(request) ?? []), pair]);
  }
  return groups;
}

describe('examples/services', () => {
  let sink: Sink;

  beforeAll(async () => {
    sink = await startSink();
  });
  beforeEach(() => sink.clear());
  afterAll(() => sink.close());

  it('are all tested', () => {
    expect(readdirSync(join(examplesFolder, 'services')).sort()).toEqual(Object.keys(CASES).sort());
  });

  describe.each(Object.entries(CASES))('%s', (name, { env = {}, port, drive, lines: read, served, say }) => {
    it('knows nothing of logferry or OpenTelemetry', () => {
      const folder = join(examplesFolder, 'services', name);
      const code = readdirSync(folder).filter((file) => !file.endsWith('.md'));
      for (const file of code) expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/logferry|opentelemetry/i);
    });

    it('has every line on every platform, once, in the trace of its request', async () => {
      const service = await Service.start(name, { ...sink.env(), ...env }, port);
      try {
        await drive(service);
        const { code, signal, stdout, stderr } = await service.stop();
        expect({ code, signal }).toEqual({ code: 0, signal: null });
        const [startLine = '', serviceName] = START_LINE.exec(stderr) ?? [];
        expect(serviceName).toBe(name);
        const lines = read(stdout, stderr.slice(startLine.length));
        expect(lines.length).toBeGreaterThan(service.calls.length);
        for (const pattern of say) expect(lines.filter(({ message }) => pattern.test(message))).not.toEqual([]);
        // Nothing is on stderr but our line and what the service has written there itself.
        const own = name === 'catalog' ? lines.map(({ message }) => `${message}\n`) : [];
        expect(own.reduce((rest, text) => rest.replace(text, ''), stderr.slice(startLine.length))).toBe('');
        for (const platform of sinkPlatforms) expectAll(lines, service.calls, platform, served);
      } finally {
        await service.dispose();
      }
    });
  });

  function expectAll(
    lines: readonly Line[],
    calls: readonly Call[],
    platform: SinkPlatform,
    served: Case['served'],
  ): void {
    const { pairs, missing, strays } = pairsOf(lines, sink.records(platform).map(storedLine), platform);
    // A few are enough to see what is wrong.
    expect({ platform, missing: missing.slice(0, 3), strays: strays.slice(0, 3) }).toEqual({
      platform,
      missing: [],
      strays: [],
    });

    const groups = groupedByRequest(pairs);
    expect([...groups.keys()].sort()).toEqual(calls.map(({ id }) => id).sort());
    const traceOf = new Map<string, unknown>();
    for (const [request, group] of groups) {
      const traces = new Set(group.map(({ stored }) => stored.traceId));
      expect({ platform, request, traces: traces.size }).toEqual({ platform, request, traces: 1 });
      traceOf.set(request, [...traces][0]);
      // One span for each HTTP request that was served under this id, downstream ones included.
      const spans = new Set(group.map(({ stored }) => String(stored.spanId)));
      for (const span of spans) expect(span).toMatch(SPAN_ID);
      expect({ request, spans: spans.size }).toEqual({
        request,
        spans: group.filter(({ line }) => served(line)).length,
      });
    }
    expect(new Set(traceOf.values()).size).toBe(calls.length);
    for (const { id, traceId } of calls) if (traceId !== undefined) expect(traceOf.get(id)).toBe(traceId);

    for (const { line, stored } of pairs) {
      if (line.request === undefined) expect(stored.traceId ?? null).toBeNull();
      // Its own file is among the frames, as it is in the stack that the service has written.
      const [file] = /[\w-]+\.m?js(?=:\d+:\d+)/.exec(line.error?.stack ?? '') ?? [];
      if (file !== undefined) expect(stored.error?.frames).toContain(file);
    }
  }
});
