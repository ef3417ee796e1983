import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const APP = fileURLToPath(new URL('app.mjs', import.meta.url));
const OPENING = 0xffff_ffff;

/** Reads the 4-byte numbers of an application, however they are cut into pieces. */
function reader(hear) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = rest.length - (rest.length % 4);
    for (let at = 0; at < whole; at += 4) hear(rest.readUInt32LE(at));
    rest = rest.subarray(whole);
  };
}

/** One process of the application. `acknowledged` is how many of its records are known to have been accepted. */
export function startLife(settings, flags = [], file = APP) {
  const stdio = ['pipe', 'pipe', 'pipe', 'pipe'];
  const child = spawn(process.execPath, [...flags, file, JSON.stringify(settings)], { stdio });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text;
    });
  }
  let acknowledged = 0;
  let opening = () => {};
  let first = () => {};
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...texts }));
  const until = (begin) => new Promise((resolve) => begin(resolve));
  const opened = until((resolve) => {
    opening = resolve;
  });
  const working = until((resolve) => {
    first = resolve;
  });
  child.stdio[3].on(
    'data',
    reader((number) => {
      if (number === OPENING) return opening();
      acknowledged = number;
      return first();
    }),
  );
  return {
    app: settings.app,
    pid: child.pid,
    get acknowledged() {
      return acknowledged;
    },
    /** Before the spool is opened; the process may end first. */
    opened: Promise.race([opened, ended]),
    /** The first records are acknowledged. */
    working: Promise.race([working, ended]),
    /** `{code, signal, stdout, stderr}` when the process is gone and everything it said was read. */
    ended,
    kill(signal = 'SIGKILL') {
      child.kill(signal);
      return ended;
    },
    /** Lets it shut down by itself. */
    finish() {
      child.stdin.end();
      return ended;
    },
  };
}
