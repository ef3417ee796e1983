import { parseArgs } from 'node:util';
import { PLATFORMS } from '../platforms/registry.ts';
import { EXAMPLES } from './preview-examples.ts';
import { platformOf, Usage, unknown } from './spool-args.ts';

/** What `logferry preview` was asked to do. */
export interface PreviewArgs {
  /** Path of a file, `-` for stdin. */
  readonly record: string | undefined;
  readonly example: string;
  readonly platforms: readonly string[];
  readonly form: 'text' | 'json' | 'raw';
}

const NAMES = Object.keys(EXAMPLES);

export const previewHelp = `Usage: logferry preview [options]

Shows for one record the exact request that each platform would get, and where every value of the record went: into a
field of the platform, among its free-form data, cut, or nowhere. Sends nothing and needs no credentials; addresses and
settings are taken from the environment, credentials are shown as ****.

  --record FILE    a record as JSON, - for stdin: in OpenTelemetry's names (see below), as OTLP/JSON, or a line of pino
                   or winston
  --example NAME   a record of our own: ${NAMES.join(', ')}; default error
  --platform NAME  only this platform; may be repeated
  --json           one JSON document on stdout
  --raw            the bodies only, byte for byte, one a line
  --help           this text

A record: timestamp (ISO 8601 or milliseconds), severity (a name) or severityNumber (1–24), severityText, body,
attributes, eventName, traceId, spanId, resource, scope {name, version, attributes}, exception {type, message,
stacktrace}. All of them may be missing.

Examples:
  npx logferry preview --example error --platform trakerr
  echo '{"severity":"warn","body":"stock is low","attributes":{"sku":"A-1"}}' | npx logferry preview --record -
  tail -1 app.log | npx logferry preview --record - --platform logtide --raw
`;

const OPTIONS = {
  record: { type: 'string' },
  example: { type: 'string' },
  platform: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  raw: { type: 'boolean' },
} as const;

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], strict: true, options: OPTIONS }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, option] = /^Unknown option '(--[^']+)'/.exec(message) ?? [];
    const known = Object.keys(OPTIONS).map((name) => `--${name}`);
    if (option !== undefined) throw unknown('option', option, known);
    // What follows the first sentence is advice for programmers.
    throw new Usage(message.split(/\n|\. To specify/)[0] ?? '');
  }
}

/** Reads the command line of `logferry preview`. Throws `Usage`. */
export function previewArgs(argv: readonly string[]): PreviewArgs {
  const { record, example, platform, json, raw } = parsed(argv);
  if (record !== undefined && example !== undefined) throw new Usage('give --record or --example, not both');
  if (json === true && raw === true) throw new Usage('give --json or --raw, not both');
  if (example !== undefined && !NAMES.includes(example)) throw unknown('example', example, NAMES);
  return {
    record,
    example: example ?? 'error',
    platforms: platform?.map(platformOf) ?? PLATFORMS.map(({ name }) => name),
    form: json === true ? 'json' : raw === true ? 'raw' : 'text',
  };
}
