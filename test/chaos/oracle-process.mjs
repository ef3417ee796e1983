import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ORACLE = fileURLToPath(new URL('oracle.mjs', import.meta.url));

/** Starts an oracle; `url` is where it takes records. */
export async function startOracle() {
  const child = spawn(process.execPath, [ORACLE], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { port, control } = JSON.parse(line);
  const ask = async (path, body) => {
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(`http://127.0.0.1:${control}/_oracle/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    /** Replaces the faults; `{}` heals. */
    faults: (faults) => ask('faults', faults),
    report: (prefix = '') => ask(`report?prefix=${encodeURIComponent(prefix)}`),
    /** What is missing of `{prefix, count}`, one or a list. */
    check: (ranges) => ask('check', ranges),
    async stop() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
