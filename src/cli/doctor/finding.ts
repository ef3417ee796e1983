/** `ok` needs nothing · `warning` works, but look at it · `error` records are not sent, or will be lost · `skipped`. */
export type FindingStatus = 'ok' | 'warning' | 'error' | 'skipped';

/** What one check has found; the form in which `--json` prints it. */
export interface Finding {
  /** Stable name of the check. */
  readonly id: string;
  readonly code: FindingCode;
  readonly status: FindingStatus;
  /** What was found, in one sentence without a secret in it. */
  readonly what: string;
  /** What to do about it. */
  readonly fix?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Every check of `logferry doctor`, by its code: a name that stays. */
export const CHECKS = {
  DR001: 'environment-variables',
  DR002: 'destinations',
  DR003: 'sdk-disabled',
  DR004: 'opentelemetry-variables',
  DR005: 'level',
  DR006: 'memory',
  DR007: 'delay',
  DR010: 'node-version',
  DR011: 'module-hooks',
  DR012: 'installation',
  DR013: 'sdk-line',
  DR014: 'peer-ranges',
  DR015: 'api-copies',
  DR016: 'other-sdk',
  DR017: 'loggers',
  DR018: 'start',
  DR019: 'trial',
  DR020: 'address',
  DR021: 'dns',
  DR022: 'connection',
  DR023: 'tls',
  DR024: 'proxy',
  DR025: 'test-record',
  DR026: 'clock',
  DR027: 'server',
  DR028: 'key-form',
  DR029: 'key-type',
  DR030: 'read-back',
  DR040: 'spool',
  DR041: 'spool-directory',
  DR042: 'spool-writing',
  DR043: 'spool-space',
  DR044: 'spool-disk',
  DR045: 'spool-waiting',
  DR046: 'spool-dead-letters',
} as const;

export type FindingCode = keyof typeof CHECKS;

interface Rest {
  readonly fix?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A finding under its code. */
export function finding(
  code: FindingCode,
  status: FindingStatus,
  what: string,
  { fix, details = {} }: Rest = {},
): Finding {
  return { id: CHECKS[code], code, status, what, ...(fix !== undefined && { fix }), details };
}

/** Findings for checks that were not made, and why. */
export function skipped(codes: readonly FindingCode[], why: string): readonly Finding[] {
  return codes.map((code) => finding(code, 'skipped', why));
}

/** The findings of one topic, in the order of reports. */
export interface FindingGroup {
  /** `environment`, `opentelemetry`, `spool`, or the name of a destination. */
  readonly name: string;
  readonly kind: 'environment' | 'opentelemetry' | 'destination' | 'spool';
  readonly findings: readonly Finding[];
}
