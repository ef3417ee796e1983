import { readFileSync } from 'node:fs';
import type { LogTideClientOptions, Secret } from '../client/logtide.ts';
import { LogTideClient } from '../client/logtide.ts';
import { systemClock } from '../clock.ts';
import { secretFile } from '../secret-file.ts';
import { defaultCredentials } from '../sink/credentials.ts';
import { checked, type ReadArgs, type ReadKinds } from './read-args.ts';
import { Usage } from './spool-args.ts';

/** Where `logferry sink --port 4319` listens, which is the port that all examples take. */
const SINK_URL = 'http://127.0.0.1:4319';

/** Options of every reading command. */
export const CONNECTION_KINDS: ReadKinds = {
  url: 'text',
  'key-file': 'text',
  sink: 'flag',
  'allow-insecure': 'flag',
  timeout: 'text',
  json: 'flag',
};

export const connectionHelp = `  --url URL         base address; default: LOGTIDE_API_URL
  --key-file PATH   file with the key; default: LOGTIDE_API_KEY or LOGTIDE_API_KEY_FILE. From server 0.6.2 on it must be
                    a key of type "full". LOGTIDE_DSN or LOGTIDE_DSN_FILE stands for address and key
  --sink            a local "logferry sink": ${SINK_URL} (or --url) and its key
  --allow-insecure  allow http:// to other machines
  --timeout N       seconds that a request may take; default 30
  --help            this text
`;

type Environment = Readonly<Record<string, string | undefined>>;

/** A server to read from. */
export interface Connection {
  readonly client: LogTideClient;
  /** Its address without the key, for messages. */
  readonly url: string;
  readonly isSink: boolean;
}

function fileSecret(path: string, where: string): Secret {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return secretFile(path, text, systemClock);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new Usage(`${where}: the file cannot be read (${code})`);
  }
  throw new Usage(`${where}: the file is empty`);
}

/** A variable, or the content of the file that its `_FILE` variable names. */
function secretOf(env: Environment, name: string): Secret | undefined {
  const direct = env[name]?.trim();
  if (direct) return direct;
  const path = env[`${name}_FILE`]?.trim();
  return path ? fileSecret(path, `${name}_FILE`) : undefined;
}

function addressOf(args: ReadArgs, env: Environment): Pick<LogTideClientOptions, 'url' | 'apiKey' | 'dsn'> {
  const keyFile = args.text('key-file');
  const fromFile = keyFile === undefined ? undefined : fileSecret(keyFile, '--key-file');
  if (args.flag('sink')) {
    return { url: args.text('url') ?? SINK_URL, apiKey: fromFile ?? defaultCredentials.logtideApiKey };
  }
  const dsn = args.text('url') === undefined && fromFile === undefined ? secretOf(env, 'LOGTIDE_DSN') : undefined;
  if (dsn !== undefined) return { dsn };
  const url = args.text('url') ?? env.LOGTIDE_API_URL?.trim();
  const apiKey = fromFile ?? secretOf(env, 'LOGTIDE_API_KEY');
  if (url && apiKey !== undefined) return { url, apiKey };
  const missing = url ? 'the key is missing: set LOGTIDE_API_KEY' : 'say which server: set LOGTIDE_API_URL';
  throw new Usage(`${missing} (or LOGTIDE_DSN, or give --url and --key-file, or --sink for a local logferry sink)`);
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,6}(?:\.\d{1,3})?$/.test(text) && seconds > 0) return Math.ceil(seconds * 1_000);
  throw new Usage(`--timeout ${JSON.stringify(text)}: use a number of seconds above 0`);
}

/** The server that the command line and the environment name; throws `Usage` when they name none. */
export function connect(args: ReadArgs, env: Environment = process.env): Connection {
  const address = addressOf(args, env);
  const timeout = args.text('timeout');
  const client = checked(
    () =>
      new LogTideClient({
        ...address,
        http: {
          allowInsecure: args.flag('allow-insecure') || /^(?:1|true|on|yes)$/i.test(env.LOGFERRY_ALLOW_INSECURE ?? ''),
        },
        ...(timeout !== undefined && { timeoutMillis: secondsOf(timeout) }),
      }),
  );
  const { dsn } = address;
  const url = new URL(address.url ?? (typeof dsn === 'function' ? dsn() : (dsn as string)));
  return { client, url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, isSink: args.flag('sink') };
}
