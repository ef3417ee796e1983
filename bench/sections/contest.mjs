import { setTimeout as pause } from 'node:timers/promises';
import { CONTESTANTS } from '../contestants/index.mjs';
import { Child, startServer } from '../processes.mjs';

/** Counts what has arrived, once nothing more does. */
async function settledCount(server) {
  let last = await server.count();
  for (let tries = 0; tries < 50; tries++) {
    await pause(100);
    const next = await server.count();
    if (next.requests === last.requests) return next;
    last = next;
  }
  return last;
}

/** One contestant in an application process of its own, against a server process of its own. */
export async function contest(name, load, { script, execArgv, limitMillis = 120_000 } = {}) {
  const { sends } = CONTESTANTS[name];
  const server = await startServer(script, limitMillis + 30_000);
  const child = new Child('application', [name, server.url, JSON.stringify(load)], { execArgv, limitMillis });
  try {
    await child.receive('warm');
    await server.reset();
    child.send({ kind: 'go' });
    const result = await child.receive('result');
    const arrived = await settledCount(server);
    return {
      ...result,
      name,
      arrived,
      lost: sends ? result.emitted - arrived.unique : 0,
      repeated: arrived.total - arrived.unique,
    };
  } finally {
    await Promise.all([child.end(), server.end()]);
  }
}
