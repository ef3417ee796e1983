import { DiagLogLevel, diag } from '@opentelemetry/api';

/** Collects what the library tells operators from here on, each text once: how a run went cannot be seen in its counts. */
export function collectWarnings() {
  const warnings = new Set();
  const logger = { warn: (text) => warnings.add(text), error() {}, info() {}, debug() {}, verbose() {} };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return () => [...warnings];
}

/** Those of all runs, for below a table; a circuit that opens is what an outage is about. */
export function warningLines(runs) {
  const texts = runs.flatMap(({ title, warnings }) => warnings.map((text) => `${title} warned: ${text}`));
  const lines = [...new Set(texts)].filter((text) => !text.includes('delivery is paused'));
  return lines.map((line) => `${line}\n`).join('');
}
