import { describe, expect, it } from 'vitest';
import { Installed, PEERS } from '../register/installed.ts';
import { START_LINE } from './shop.ts';

// What is missing is said in one line, with what to type.

const TRACING = [
  '@opentelemetry/sdk-trace',
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/instrumentation-http',
];
const ENV = { LOGTIDE_API_URL: 'http://127.0.0.1:9', LOGTIDE_API_KEY: 'lp_test', LOGFERRY_FLUSH_TIMEOUT: '1ms' };

async function stderrWith(packages: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const shop = new Installed({ packages: [...PEERS, ...packages] });
  try {
    const { code, stderr } = await shop.run('/* nothing */', { source: true, env: { ...ENV, ...env } });
    expect(code).toBe(0);
    return stderr;
  } finally {
    await shop.dispose();
  }
}

/** The advice, after which comes the start line and nothing. */
async function adviceWith(packages: readonly string[]): Promise<string> {
  const stderr = await stderrWith(packages);
  const end = stderr.indexOf('\n') + 1;
  expect(stderr.slice(end)).toMatch(START_LINE);
  return stderr.slice(0, end).trim();
}

describe('an application', () => {
  it('with a logger whose instrumentation is missing', async () => {
    expect(await adviceWith(['pino', ...TRACING])).toBe(
      'logferry LF020 pino is not heard: npm install @opentelemetry/instrumentation-pino@0.69',
    );
  });

  it('with two of them, and a transport that one needs', async () => {
    expect(await adviceWith(['winston', 'bunyan', ...TRACING])).toBe(
      'logferry LF020 winston and bunyan are not heard: npm install @opentelemetry/instrumentation-winston@0.68 @opentelemetry/winston-transport@0.33 @opentelemetry/instrumentation-bunyan@0.68',
    );
  });

  it('with a logger that comes with fastify', async () => {
    expect(await adviceWith(['fastify', ...TRACING])).toContain('LF020 pino is not heard: ');
  });

  it('without tracing', async () => {
    expect(await adviceWith(['pino', '@opentelemetry/instrumentation-pino'])).toBe(
      'logferry LF020 records carry no trace ids: npm install @opentelemetry/sdk-trace@2 @opentelemetry/context-async-hooks@2 @opentelemetry/instrumentation-http@0.223',
    );
  });

  it('with a logger and nothing else: all in one line', async () => {
    const advice = await adviceWith(['pino']);
    expect(advice).toMatch(/^logferry LF020 pino is not heard and records carry no trace ids: npm install /);
    expect(advice.match(/@opentelemetry\/[\w-]+@[\d.]+/g)).toHaveLength(4);
  });

  it.each([
    ['no logger that we know', [], {}],
    ['all that its logger needs', ['pino', '@opentelemetry/instrumentation-pino', ...TRACING], {}],
    ['a logger that is not wanted', ['pino', ...TRACING], { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pino' }],
    ['no wish for any', ['pino'], { LOGFERRY_SOURCES: 'none' }],
  ])('is told nothing with %s', async (_, packages, env) => {
    expect(await stderrWith(packages, env)).toMatch(START_LINE);
  });

  it('is told nothing with LOGFERRY_QUIET', async () => {
    expect(await stderrWith(['pino'], { LOGFERRY_QUIET: 'true' })).toBe('');
  });
});
