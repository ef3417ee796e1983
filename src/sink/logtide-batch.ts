import { isObject } from './check.ts';
import { entryProblems, typeName } from './logtide-entry.ts';

/** A batch that passed, or the server's error tree and a short reason for people. */
export type BatchVerdict =
  | { readonly ok: true; readonly entries: readonly Record<string, unknown>[] }
  | { readonly ok: false; readonly details: unknown; readonly reason: string };

const maxEntries = 1000;

const refusedBatch = (reason: string): BatchVerdict => ({
  ok: false,
  details: { _errors: [], logs: { _errors: [reason] } },
  reason: `logs: ${reason}`,
});

/**
 * Validates the `logs` of `{"logs":[…]}`: 1…1000 entries, all of them good or none taken.
 * The error tree has the shape of line A's answers (`captures/logtide/server-ingest-*.json`).
 */
export function checkBatch(logs: unknown, server: 'A' | 'B'): BatchVerdict {
  if (logs === undefined) return refusedBatch('Required');
  if (!Array.isArray(logs)) return refusedBatch(`Expected array, received ${typeName(logs)}`);
  if (logs.length === 0) return refusedBatch('Array must contain at least 1 element(s)');
  const tooMany = logs.length > maxEntries ? [`Array must contain at most ${maxEntries} element(s)`] : [];
  const tree: Record<string, unknown> = {};
  let reason = tooMany[0] === undefined ? undefined : `logs: ${tooMany[0]}`;
  for (const [index, entry] of logs.entries()) {
    if (!isObject(entry)) {
      const message = `Expected object, received ${typeName(entry)}`;
      tree[index] = { _errors: [message] };
      reason ??= `logs[${index}]: ${message}`;
      continue;
    }
    const problems = entryProblems(entry, server);
    if (problems === undefined) continue;
    const fields = Object.entries(problems);
    tree[index] = { _errors: [], ...Object.fromEntries(fields.map(([name, list]) => [name, { _errors: list }])) };
    const [field, messages] = fields[0] ?? ['', []];
    reason ??= `logs[${index}].${field}: ${messages[0]}`;
  }
  if (reason === undefined) return { ok: true, entries: logs };
  return { ok: false, details: { _errors: [], logs: { ...tree, _errors: tooMany } }, reason };
}

const otherLevels: Readonly<Record<string, string>> = {
  trace: 'debug',
  warning: 'warn',
  fatal: 'critical',
  emerg: 'critical',
  alert: 'critical',
  crit: 'critical',
  err: 'error',
  notice: 'info',
};

/**
 * What line B makes of a bare array: entries without text are dropped without a word, levels are mapped, and trace,
 * span and session ids are lost. No entry limit. Captured for `fatal` and an empty message; the rest of the level
 * table is inferred from the collector endpoint that shares the normaliser.
 */
export function normaliseArray(entries: readonly unknown[]): Record<string, unknown>[] {
  const kept: Record<string, unknown>[] = [];
  for (const entry of entries) {
    if (!isObject(entry) || typeof entry.message !== 'string' || entry.message === '') continue;
    const { trace_id: _trace, span_id: _span, session_id: _session, ...rest } = entry;
    const level = String(rest.level ?? 'info').toLowerCase();
    kept.push({ ...rest, level: otherLevels[level] ?? level });
  }
  return kept;
}
