import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { HttpTransport } from '../../src/delivery/http.ts';
import { rig, until } from '../support/delivery-rig.ts';
import { FakeClock } from '../support/fake-clock.ts';

const POLITE = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const HEAD = 'HTTP/1.1 200 OK\r\n';
/** What a server may hold in its own memory for us before it waits. */
const MOST_SENT = 32 * 1_048_576;

/** Writes the same text until the other side has gone. */
function flood(socket: Socket, text: string): void {
  const chunk = Buffer.from(text.repeat(Math.ceil(16_384 / text.length)));
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Answers that no honest server gives. */
const HOSTILE: Readonly<Record<string, (socket: Socket) => void>> = {
  'headers without end': (socket) => {
    socket.write(HEAD);
    flood(socket, 'x-header: value\r\n');
  },
  'one header without end': (socket) => {
    socket.write(`${HEAD}x-header: `);
    flood(socket, 'value');
  },
  '100,000 cookies': (socket) => {
    socket.write(`${HEAD}${'set-cookie: a=b\r\n'.repeat(100_000)}content-length: 2\r\n\r\nok`);
  },
  'no HTTP at all': (socket) => socket.write('SSH-2.0-OpenSSH_9.0\r\n'),
  'binary garbage': (socket) => socket.write(Buffer.from([0, 255, 10, 13, 22, 3, 1, 0])),
  'chunks of garbage': (socket) => socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\nZZZZ\r\nnot a chunk\r\n`),
  'a chunk of 2⁶⁴ bytes': (socket) => socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n`),
  'trailers without end': (socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n`);
    flood(socket, 'x-trailer: value\r\n');
  },
  'a negative length': (socket) => socket.write(`${HEAD}content-length: -1\r\n\r\n`),
  'two lengths': (socket) => socket.write(`${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nok`),
  'a body shorter than its length': (socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nok`),
  'a hang-up after the head': (socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n`),
};

/** Answers that never become one, piece by piece within all limits. */
const ENDLESS: Readonly<Record<string, (socket: Socket) => void>> = {
  'interim answers': (socket) => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
  hints: (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n'),
  'a status line': (socket) => {
    socket.write('HTTP/1.1 200 ');
    flood(socket, 'OK');
  },
  'chunk extensions': (socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n1;`);
    flood(socket, 'extension');
  },
};

interface Hostile {
  readonly origin: string;
  /** Connections that are still open. */
  readonly open: Set<Socket>;
  /** Most bytes that were taken off the server's hands on one connection. */
  taken: number;
}

/** A server that answers the first request of each connection with `behaviour`. */
async function hostileServer(behaviour: (socket: Socket, number: number) => void): Promise<Hostile> {
  const open = new Set<Socket>();
  const hostile = { origin: '', open, taken: 0 };
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    const number = connections;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      hostile.taken = Math.max(hostile.taken, socket.bytesWritten);
      open.delete(socket);
    });
    socket.once('data', () => behaviour(socket, number));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  hostile.origin = `http://127.0.0.1:${port}`;
  return hostile;
}

const REQUEST = { path: '/logs', headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') };
const OPTIONS = { maxConnections: 1, timeoutMillis: 30_000, connectTimeoutMillis: 5_000, holdsProcess: true } as const;

describe('a hostile server', () => {
  it.each(Object.entries(HOSTILE))(
    'row 87: %s ends in a failure, a closed socket, and the next request works',
    async (_, behaviour) => {
      const server = await hostileServer((socket, number) => {
        if (number === 1) behaviour(socket);
        else socket.write(POLITE);
      });
      const transport = new HttpTransport({ ...OPTIONS, origin: server.origin, clock: systemClock });
      onTestFinished(() => transport.close());
      expect(await transport.send(REQUEST)).toMatchObject({ kind: 'failure', phase: 'request' });
      await until(() => server.open.size === 0, 'the end of the connection');
      expect(server.taken).toBeLessThan(MOST_SENT);
      expect(await transport.send(REQUEST)).toMatchObject({ kind: 'answer', answer: { status: 200, body: 'ok' } });
    },
  );

  it.each(Object.entries(ENDLESS))(
    'row 87: %s without end end with the deadline of the request',
    async (_, behaviour) => {
      const flooded: Socket[] = [];
      const server = await hostileServer((socket) => {
        if (flooded.length > 0) socket.write(POLITE);
        else flooded.push(socket) && behaviour(socket);
      });
      const clock = new FakeClock();
      const transport = new HttpTransport({ ...OPTIONS, origin: server.origin, clock });
      onTestFinished(() => transport.close());
      const outcome = transport.send(REQUEST);
      await until(() => (flooded[0]?.bytesWritten ?? 0) > 1_048_576, 'a megabyte');
      await clock.advance(OPTIONS.timeoutMillis);
      expect(await outcome).toMatchObject({ kind: 'failure', phase: 'timeout' });
      await until(() => flooded[0]?.destroyed === true, 'the end of the connection');
      expect(await transport.send(REQUEST)).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    },
  );

  it('row 87: counts as a failure, and what was sent is sent again', async () => {
    const behaviours = Object.values(HOSTILE);
    const server = await hostileServer((socket, number) => {
      const behaviour = behaviours[number - 1];
      if (behaviour === undefined) socket.write(POLITE);
      else behaviour(socket);
    });
    const it = await rig({ origin: server.origin });
    it.emit(5);
    await it.pass(600_000);
    expect(it.stats).toMatchObject({ accepted: 5, delivered: 5, pending: 0, deadLettered: 0 });
    expect(it.stats.requests).toBe(behaviours.length + 1);
    expect(it.stats.circuit.trips).toBeGreaterThan(0);
  });
});
