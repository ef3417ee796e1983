import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { judgeStatus } from '../../src/delivery/verdict.ts';
import { startSink } from '../../src/sink/sink.ts';
import { envOf, messages } from '../register/delivered.ts';
import { Installed, logging } from '../register/installed.ts';
import { expectConserved, fakePlatform, type Rig, rig, until } from '../support/delivery-rig.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

const sorted = (names: readonly string[]): string[] => names.toSorted();

interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

const IPV4: Address = { address: '127.0.0.1', family: 4 };
const IPV6: Address = { address: '::1', family: 6 };

/** Resolves one name as the test says, with an error code or with addresses; all other names as usual. */
class Resolver {
  readonly host = 'logs.example.test';
  answer: string | readonly Address[] = [IPV4];
  asked = 0;

  constructor() {
    const real = dns.lookup as (...parts: unknown[]) => void;
    const lookup = (...parts: unknown[]): void => {
      if (parts[0] === this.host) this.#resolve(parts[2] as (error: Error | null, addresses?: unknown) => void);
      else real(...parts);
    };
    const spy = vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
    onTestFinished(() => spy.mockRestore());
  }

  #resolve(done: (error: Error | null, addresses?: unknown) => void): void {
    this.asked += 1;
    const { answer } = this;
    // Never in the same turn, like the real one.
    setImmediate(() => {
      if (typeof answer === 'string') done(Object.assign(new Error(answer), { code: answer }));
      else done(null, answer);
    });
  }

  /** A rig whose platform goes by the name. */
  rig(): Promise<Rig> {
    return rig({
      platform: (origin) => fakePlatform(origin.replace('127.0.0.1', this.host)),
      delivery: { http: { allowInsecure: true } },
    });
  }
}

describe('names (fault matrix rows 2, 14)', () => {
  it.each(['ENOTFOUND', 'EAI_AGAIN'])('row 2: a name that is not resolved (%s) is waited for', async (code) => {
    const resolver = new Resolver();
    resolver.answer = code;
    const it = await resolver.rig();
    const names = it.emit(10);
    await it.pass(600_000);
    expect(it.stats).toMatchObject({
      delivered: 0,
      pending: 10,
      deadLettered: 0,
      circuit: { state: 'open', reason: code, trips: 1 },
    });
    // It opens after three, and each probe asks anew: nothing is kept of a failure.
    expect(resolver.asked).toBe(it.stats.requests);
    expect(it.stats.requests).toBeLessThan(30);
    resolver.answer = [IPV4];
    await it.expectAlive();
    expect(sorted(it.server.stored).slice(-10)).toEqual(sorted(names));
    expect(it.stats).toMatchObject({ delivered: 11, circuit: { state: 'closed' } });
  });

  it('row 2: an address is not kept for ever: each new connection asks again', async () => {
    const resolver = new Resolver();
    const it = await resolver.rig();
    for (let round = 1; round <= 5; round++) {
      it.emit();
      await it.idle();
      expect([it.stats.delivered, resolver.asked]).toEqual([round, round]);
      await it.server.pause();
      await it.server.open();
    }
    expect(it.server.connections).toBe(5);
  });

  it('row 14: goes to the next address when the first one refuses, and does not count that as a failure', async () => {
    const resolver = new Resolver();
    resolver.answer = [IPV6, IPV4];
    const it = await resolver.rig();
    const names = it.emit(10);
    await it.idle();
    expect(it.server.stored).toEqual(names);
    expect(it.clock.now()).toBe(0);
    expect(it.stats).toMatchObject({ delivered: 10, requests: 1, retries: 0, circuit: { state: 'closed', trips: 0 } });
    await it.expectAlive();
  });

  it('row 14: an address that nobody has at all is passed over, too', async () => {
    const resolver = new Resolver();
    // Reserved for documentation: it is refused, unreachable, or never answers, and the next one is tried in any case.
    resolver.answer = [{ address: '2001:db8::1', family: 6 }, { address: '192.0.2.1', family: 4 }, IPV4];
    const it = await resolver.rig();
    it.emit(3);
    await it.idle();
    expect(it.stats).toMatchObject({ delivered: 3, requests: 1 });
  });

  it('row 14: when every address refuses, the connection has failed', async () => {
    const resolver = new Resolver();
    resolver.answer = [IPV6, IPV4];
    const it = await resolver.rig();
    await it.server.pause();
    it.emit(3);
    await it.pass(10_000);
    expect(it.stats).toMatchObject({ pending: 3, circuit: { state: 'open', trips: 1 } });
    expect(it.stats.circuit.reason).toMatch(/^E[A-Z]+$/);
    await it.server.open();
    await it.expectAlive();
  });
});

/** A port whose listener never takes a connection and has no room for another: what arrives is dropped silently. */
async function blackHole(): Promise<number> {
  const source = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(server.address().port + '\\n', () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });
    });`;
  const child = spawn(process.execPath, ['--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text);
  // The two that the kernel takes for it.
  for (let index = 0; index < 2; index++) {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
  }
  return port;
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

describe('a way that leads nowhere (fault matrix row 3)', () => {
  it('row 3: gives a connection up in time, over and over, and no socket stays behind', async () => {
    const port = await blackHole();
    const sockets: number[] = [];
    const it = await rig({
      origin: `http://127.0.0.1:${port}`,
      concurrency: 4,
      maxRecords: 5,
      delivery: { http: { connectTimeoutMillis: 50 }, circuitBreaker: { maxDelayMillis: 2_000 } },
      request: (body) => {
        sockets.push(openSockets());
        return { path: '/', headers: {}, body };
      },
    });
    const before = openSockets();
    it.emit(100);
    await it.pass(7_000);
    expect(it.stats).toMatchObject({
      delivered: 0,
      pending: 100,
      circuit: { state: 'open', reason: 'UND_ERR_CONNECT_TIMEOUT', trips: 1 },
    });
    expect(sockets.length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...sockets)).toBeLessThanOrEqual(before + 4);
    await until(() => openSockets() <= before, 'the end of all sockets');
    expectConserved(it.stats);
  });
});

describe('some failures (fault matrix row 9)', () => {
  it('row 9: ten minutes with 30 % of failures add a tenth of load, and nobody is blamed for good', async () => {
    let seed = 7;
    const chance = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const fresh = new Set<string>();
    let successes = 0;
    let probes = 0;
    let checked = 0;
    const it = await rig({
      maxRecords: 10,
      concurrency: 4,
      request: (body) => {
        const { retries, circuit } = it.stats;
        if (circuit.state === 'half-open') probes += 1;
        // As long as there are records that were never sent.
        if (fresh.size < 20_000) {
          checked += 1;
          expect(retries).toBeLessThanOrEqual(10 + successes * 0.1 + probes);
        }
        return { path: '/', headers: {}, body };
      },
      judge: (answer) => {
        if (answer.status === 200) successes += 1;
        return judgeStatus(answer);
      },
    });
    it.server.answer = ({ ids }) => {
      for (const id of ids) fresh.add(id);
      return chance() < 0.3 ? 503 : 200;
    };
    const names = it.emit(20_000);
    await it.pass(600_000);
    expect(checked).toBeGreaterThan(1_500);
    // What is under suspicion by chance takes its time, and is delivered.
    await it.pass(3_600_000);
    expect(it.stats).toMatchObject({ delivered: 20_000, pending: 0, deadLettered: 0 });
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    it.server.answer = () => 200;
    await it.expectAlive();
  });
});

describe('a platform that becomes slow (fault matrix row 10)', () => {
  it('row 10: fewer requests at once, no more memory, nothing lost without being counted', async () => {
    const queueBytes = 20_000;
    const it = await rig({ maxRecords: 5, concurrency: 8, delivery: { queue: { maxBytes: queueBytes } } });
    let delay = 200;
    let answered = 0;
    let most = 0;
    it.server.answer = (seen, number) => {
      most = Math.max(most, number - answered);
      return (response) => {
        it.clock.after(delay, () => {
          answered += 1;
          it.server.stored.push(...seen.ids);
          response.writeHead(200).end();
        });
      };
    };
    /** All requests have arrived, and all answers. */
    const settle = async (): Promise<void> => {
      let calm = 0;
      await until(() => {
        calm = it.server.seen.length === it.stats.requests && it.finished === answered ? calm + 1 : 0;
        return calm > 2;
      });
    };
    /** The most requests at once in all that time. */
    const run = async (millis: number): Promise<number> => {
      most = 0;
      for (let at = 0; at < millis; at += 100) {
        it.emit(20);
        await settle();
        await it.clock.advance(100);
        await settle();
        expect(it.stats.pendingBytes).toBeLessThanOrEqual(queueBytes);
      }
      return most;
    };
    expect(await run(10_000)).toBe(8);
    expect(it.stats.dropped.overflow).toBe(0);
    delay = 5_000;
    await run(20_000);
    expect(await run(10_000)).toBeLessThanOrEqual(2);
    expect(it.stats).toMatchObject({ deadLettered: 0, circuit: { state: 'closed', trips: 0 } });
    expect(it.stats.dropped.overflow).toBeGreaterThan(0);
    expectConserved(it.stats);
    delay = 200;
    expect(await run(30_000)).toBe(8);
    expectConserved(it.stats);
    const flushed = it.destination.flush();
    while (it.stats.pending > 0) {
      await it.clock.advance(100);
      await settle();
    }
    await flushed;
    expect(new Set(it.server.stored).size).toBe(it.stats.delivered);
  });
});

/** Counts the connections that somebody makes to it, and hangs up. */
async function counting(server: Server): Promise<{ readonly port: number; connections: number }> {
  const counted = { port: 0, connections: 0 };
  server.on('connection', (socket: Socket) => {
    counted.connections += 1;
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  counted.port = (server.address() as AddressInfo).port;
  return counted;
}

function proxyVariables(port: number): Record<string, string> {
  const url = `http://user:secret@127.0.0.1:${port}`;
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  // The last one makes the fetch of newer Node versions use them.
  return { ...Object.fromEntries(names.map((name) => [name, url])), NO_PROXY: '', NODE_USE_ENV_PROXY: '1' };
}

describe('proxies (fault matrix row 11)', () => {
  it('row 11: HTTP_PROXY and its like are ignored; the key goes straight to the platform', async () => {
    const proxy = await counting(createServer((socket) => socket.destroy()));
    const tls = await counting(createHttpsServer(SELF_SIGNED, (_request, response) => response.end()));
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const shop = new Installed();
    onTestFinished(() => shop.dispose());
    const env = {
      ...proxyVariables(proxy.port),
      ...envOf(sink, 'logtide'),
      LOGGIER_API_KEY: 'lgk_key',
      LOGGIER_API_URL: `https://127.0.0.1:${tls.port}`,
      LOGFERRY_FLUSH_TIMEOUT: '2s',
    };
    const { code } = await shop.run(logging('straight'), { source: true, env });
    expect(code).toBe(0);
    expect(messages(sink, 'logtide')).toEqual(['straight']);
    expect(tls.connections).toBeGreaterThan(0);
    expect(proxy.connections).toBe(0);
  });

  it('row 11: the same variables do lead Node itself to the proxy', async () => {
    const proxy = await counting(createServer((socket) => socket.destroy()));
    const source = `const { EnvHttpProxyAgent, request } = require('undici');
      request('http://127.0.0.1:9', { dispatcher: new EnvHttpProxyAgent() }).catch(() => {});`;
    const shop = new Installed();
    onTestFinished(() => shop.dispose());
    await shop.run(source, { source: true, flags: [], env: proxyVariables(proxy.port) });
    expect(proxy.connections).toBeGreaterThan(0);
  });

  it('row 11: a proxy in the way that wants credentials (407) gets none, and everything is held', async () => {
    const it = await rig();
    it.server.answer = () => ({ status: 407, headers: { 'proxy-authenticate': 'Basic realm="proxy"' } });
    const names = it.emit(10);
    await it.pass(600_000);
    expect(it.stats).toMatchObject({ pending: 10, deadLettered: 0, circuit: { state: 'held', reason: '407' } });
    expect(it.server.seen.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
    it.server.answer = () => 200;
    await it.expectAlive();
    expect(sorted(it.server.stored.filter((name) => name.startsWith('r')))).toEqual(sorted(names));
  });
});
