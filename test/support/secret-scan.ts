import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { onTestFinished, vi } from 'vitest';

/** The parts of base64 that stay the same whatever stands before and behind the bytes. */
function base64Cores(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(Math.ceil((before * 8) / 6), -2);
  });
}

/** The spellings in which a secret could get out. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const cores = base64Cores(bytes);
  return [
    ...[
      secret,
      json,
      json.replaceAll('\\', '\\\\'),
      JSON.stringify(json).slice(1, -1),
      encodeURIComponent(secret),
      bytes.toString('hex'),
    ],
    ...[...cores, ...cores.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'))],
  ];
}

/** Looks for planted secrets in everything that a process says and leaves behind. */
export class SecretScan {
  readonly #secrets = new Map<string, readonly string[]>();
  readonly #said: { readonly where: string; readonly text: string }[] = [];

  /** A secret to look for; long enough not to be found by chance. */
  plant(name: string, secret: string): string {
    if (secret.length < 8) throw new Error(`${name} is too short to be looked for`);
    this.#secrets.set(name, spellings(secret));
    return secret;
  }

  /** Something that was said: text, bytes, or any value, of which everything is looked at that can be printed. */
  hear(where: string, value: unknown): void {
    const printed = inspect(value, { depth: 30, showHidden: true, maxArrayLength: null, maxStringLength: null });
    const text = typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('latin1') : printed;
    this.#said.push({ where, text });
  }

  /** Every file below a directory, with the names of the files. */
  hearFolder(where: string, directory: string): number {
    let files = 0;
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      this.hear(`${where}: a name`, entry.name);
      if (!entry.isFile()) continue;
      files += 1;
      this.hear(`${where}: ${entry.name}`, readFileSync(join(entry.parentPath, entry.name)));
    }
    return files;
  }

  /** From here to the end of the test, everything on stdout, stderr and `diag`. */
  listen(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const spy = vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
        this.hear(name, chunk);
        return true;
      });
      onTestFinished(() => spy.mockRestore());
    }
    const log = (...args: unknown[]): void => this.hear('diag', args);
    const logger = { error: log, warn: log, info: log, debug: log, verbose: log };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
    onTestFinished(() => diag.disable());
  }

  /** How many things were heard in a place. */
  count(place: string): number {
    return this.#said.filter(({ where }) => where.startsWith(place)).length;
  }

  /** `<secret> in <place>` for each find. */
  found(): readonly string[] {
    const finds = this.#said.flatMap(({ where, text }) =>
      [...this.#secrets]
        .filter(([, all]) => all.some((spelling) => text.includes(spelling)))
        .map(([name]) => `${name} in ${where}`),
    );
    return [...new Set(finds)];
  }
}
