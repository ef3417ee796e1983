import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { envOf } from '../register/delivered.ts';
import { Installed } from '../register/installed.ts';

export const LOGGERS: readonly string[] = ['pino', 'winston', 'bunyan'];
export const EVERYTHING: readonly string[] = ['@opentelemetry', ...LOGGERS];

/** What a start of logferry says and nothing else. */
export const START_LINE = /^logferry \d+\.\d+\.\d+: logs of "shop" go to [^\n]*\n$/;

/** A record as LogTide stored it. */
export interface Stored {
  readonly message: string;
  readonly service?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
}

/** An application with these packages, and the platform it sends to; for all tests of a file. */
export class Shop {
  readonly #packages: readonly string[];
  #sink: Sink | undefined;
  #installed: Installed | undefined;

  constructor(packages: readonly string[]) {
    this.#packages = packages;
    beforeAll(async () => {
      this.#sink = await startSink();
      this.#installed = new Installed({ packages, apps: join(import.meta.dirname, 'apps') });
    });
    afterEach(() => {
      this.sink.setFaults({});
      this.sink.clear();
    });
    afterAll(async () => {
      await this.installed.dispose();
      await this.sink.close();
    });
  }

  get sink(): Sink {
    if (this.#sink === undefined) throw new Error('not started');
    return this.#sink;
  }

  get installed(): Installed {
    if (this.#installed === undefined) throw new Error(`not started with ${this.#packages.join(', ')}`);
    return this.#installed;
  }

  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { ...envOf(this.sink, 'logtide'), ...more };
  }

  records(): readonly Stored[] {
    return this.sink.records('logtide').map(({ record }) => record as unknown as Stored);
  }

  messages(): readonly string[] {
    return this.records()
      .map(({ message }) => message)
      .sort();
  }
}
