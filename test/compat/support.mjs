import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { loggier, logtide, odysseus, PlatformLogExporter, redarch, trakerr } from 'logferry';

export const LINE = process.env.COMPAT_LINE;
export const PLATFORMS = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

/** The tracer provider class of the line: 2.x keeps it in sdk-trace-base, 3.x in sdk-trace. */
export async function tracerProviderClass() {
  if (LINE === 'A') return (await import('@opentelemetry/sdk-trace-base')).BasicTracerProvider;
  return (await import('@opentelemetry/sdk-trace')).TracerProvider;
}

/** One exporter for each platform, in front of the sink. */
export function exporters(sink, options) {
  const { url, credentials } = sink;
  return [
    odysseus({ appId: credentials.odysseusAppId, appKey: credentials.odysseusAppKey, url }),
    logtide({ apiKey: credentials.logtideApiKey, url }),
    redarch({ apiKey: credentials.redarchApiKey, url: `${url}/log` }),
    loggier({ apiKey: credentials.loggierApiKey, url }),
    trakerr({ apiKey: credentials.trakerrApiKey, url: `${url}/api/v1` }),
  ].map((platform) => new PlatformLogExporter(platform, options));
}

const MESSAGE = {
  odysseus: (record) => record.message ?? record.name,
  logtide: (record) => record.message,
  redarch: (record) => record.message,
  loggier: (record) => record.message,
  trakerr: (record) => record.eventMessage,
};

export function messages(sink, platform) {
  return sink
    .records(platform)
    .map(({ record }) => String(MESSAGE[platform](record)))
    .sort();
}

/** `accepted = delivered + pending + deadLettered + Σ dropped` */
export function assertConserved(stats) {
  const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(stats.delivered + stats.pending + stats.deadLettered + dropped, stats.accepted, stats.platform);
}

/** Runs node on a file of `apps/` with nothing but the given variables. */
export function runApp(flags, app, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, `apps/${app}`], {
      cwd: import.meta.dirname,
      env: { PATH: process.env.PATH, COMPAT_LINE: LINE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      if (text.includes('signal me')) child.kill('SIGTERM');
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
