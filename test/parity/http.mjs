// HTTP services for entries: programs that call themselves, and servers in this process with the middleware in front.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** A service of node:http that knows nothing of logferry; it asks itself for each path in turn, then ends. */
export function service(...paths) {
  return `import { createServer } from 'node:http';
  import { logs } from '@opentelemetry/api-logs';
  import { once } from 'node:events';
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    logs.getLogger('shop').emit({ body: 'inside ' + pathname, severityNumber: 9 });
    const status = { '/missing': 404, '/denied': 403, '/broken': 500 }[pathname] ?? 200;
    const answer = () => response.writeHead(status, { 'content-type': 'text/plain' }).end('done');
    if (pathname === '/slow') setTimeout(answer, 120); else answer();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  for (const path of ${JSON.stringify(paths)}) {
    const headers = { 'x-request-id': 'req_456' };
    await (await fetch('http://127.0.0.1:' + port + path, { headers })).text();
  }
  server.closeAllConnections();
  server.close();
`;
}

/** The middleware as applications import it. */
export function middleware(rig) {
  return rig.load('http');
}

/** Starts a server with this handler, lets `act` ask it, stops it. */
export async function serving(handler, act) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await act(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
