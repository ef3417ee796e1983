import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withLogContext } from '../../src/instrument/log-context.ts';
import { getTraceId, withNewTraceId, withTraceId } from '../../src/instrument/trace-id.ts';
import { contextManager, logRig } from './rig.ts';

const REQUESTS = 1_000;
const AT_ONCE = 100;

async function listening(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answer(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** A wait of another kind for each request and step, so that the steps of all requests come in any order. */
async function interleave(id: number, step: number): Promise<void> {
  switch ((id + step) % 5) {
    case 0:
      return;
    case 1:
      return turn();
    case 2:
      return wait((id * 7 + step * 3) % 9);
    case 3:
      await readFile(import.meta.filename);
      return;
    default:
      return new Promise((resolve) => process.nextTick(resolve));
  }
}

function hex(id: number): string {
  return (id + 1).toString(16).padStart(32, '0');
}

/** In whose name each of the records was emitted, and what the context said of it. */
function mixed(records: readonly ReadableLogRecord[]): readonly unknown[] {
  return records.filter(({ body, attributes, spanContext }) => {
    const { id, step } = body as unknown as { id: number; step: string };
    const inner = step === 'inner' || step === 'callback';
    if (attributes.request_id !== id || attributes.step !== (inner ? 'inner' : 'outer')) return true;
    return id % 3 === 0 ? attributes['trace.custom_id'] !== `request-${id}` : spanContext?.traceId !== hex(id);
  });
}

describe.each([
  ['without a context manager', () => {}],
  ['with a context manager', contextManager],
])('%s', (_, prepare) => {
  it('a thousand interleaved requests of a real server keep fields and trace ids apart', async () => {
    prepare();
    const { logger, records } = logRig({ autoTraceId: true });
    const order: number[] = [];
    const emit = (id: number, step: string): void => {
      order.push(id);
      logger.emit({ body: { id, step } });
    };
    const handle = async (id: number): Promise<string> => {
      emit(id, 'outer');
      await interleave(id, 1);
      await withLogContext({ step: 'inner' }, async () => {
        emit(id, 'inner');
        await interleave(id, 2);
        await Promise.all([interleave(id, 3), interleave(id, 4)]);
        emit(id, 'inner');
        await new Promise<void>((resolve) => {
          setTimeout(() => {
            emit(id, 'callback');
            resolve();
          }, id % 4);
        });
      });
      await interleave(id, 5);
      emit(id, 'outer');
      return String(getTraceId());
    };
    const url = await listening((request, response) => {
      const id = Number(request.url?.slice(1));
      withTraceId(id % 3 === 0 ? `request-${id}` : hex(id), () =>
        withLogContext({ request_id: id, step: 'outer' }, () => {
          void handle(id).then((text) => response.end(text));
        }),
      );
    });
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    onTestFinished(() => agent.destroy());
    const answers = await Promise.all(Array.from({ length: REQUESTS }, (__, id) => answer(`${url}/${id}`, agent)));

    expect(answers).toEqual(Array.from({ length: REQUESTS }, (__, id) => (id % 3 === 0 ? `request-${id}` : hex(id))));
    expect(records).toHaveLength(REQUESTS * 5);
    expect(mixed(records)).toEqual([]);
    // The test is worth nothing unless requests do take turns: few records follow one of the same request.
    const turns = order.filter((id, index) => id !== order[index - 1]).length;
    expect(turns).toBeGreaterThan(REQUESTS * 2);
    expect(getTraceId()).toBeUndefined();
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it('a thousand jobs with fresh traces keep them apart', async () => {
    prepare();
    const { logger, records } = logRig();
    const ids = await Promise.all(
      Array.from({ length: REQUESTS }, (__, id) =>
        withNewTraceId(async () => {
          logger.emit({ body: id });
          await interleave(id, 1);
          logger.emit({ body: id });
          await interleave(id, 2);
          logger.emit({ body: id });
          return getTraceId();
        }),
      ),
    );
    expect(new Set(ids).size).toBe(REQUESTS);
    expect(records.filter(({ body, spanContext }) => spanContext?.traceId !== ids[body as number])).toEqual([]);
    expect(records).toHaveLength(REQUESTS * 3);
  });
});
