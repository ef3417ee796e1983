// Nothing is lost by a kill -9: a service logs while LogTide is down and is killed; its next start delivers everything.
//
//   node examples/durable/durable.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSink } from 'logferry/sink';

const ORDERS = 1_000;
const directory = mkdtempSync(join(tmpdir(), 'logferry-example-'));
const sink = await startSink();

async function service(variables) {
  const env = { ...process.env, ...sink.env(), SPOOL_DIR: directory, ...variables };
  const child = spawn(process.execPath, [fileURLToPath(new URL('service.mjs', import.meta.url))], {
    env,
    stdio: 'inherit',
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

sink.setFaults({ status: 503 }, 'logtide');
const end = await service({ ORDERS: String(ORDERS) });
const files = readdirSync(directory, { recursive: true }).filter((name) => name.endsWith('.seg'));
console.log(`it ended by ${end} and left ${files.length} segment in the spool`);

sink.setFaults({}, 'logtide');
await service({});
const stored = new Set(sink.records('logtide').map(({ record }) => record.message));
console.log(`LogTide has ${stored.size} of ${ORDERS} different records`);
process.exitCode = stored.size === ORDERS ? 0 : 1;

await sink.close();
rmSync(directory, { recursive: true });
