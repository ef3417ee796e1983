import type { Finding, FindingGroup, FindingStatus } from './doctor/finding.ts';
import { maskSecrets } from './doctor/secrets.ts';
import { escapeControls } from './sink-output.ts';

/** Everything that the doctor found; `--json` prints it as it is. */
export interface DoctorReport {
  readonly version: string;
  /** When, as ISO 8601. */
  readonly at: string;
  readonly service: string;
  readonly directory: string;
  /** The worst of all findings. */
  readonly status: FindingStatus;
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly groups: readonly FindingGroup[];
}

export function countsOf(groups: readonly FindingGroup[]): DoctorReport['counts'] {
  const counts = { ok: 0, warning: 0, error: 0, skipped: 0 };
  for (const { status } of groups.flatMap(({ findings }) => findings)) counts[status] += 1;
  return counts;
}

export function worstOf({ error, warning }: DoctorReport['counts']): FindingStatus {
  if (error > 0) return 'error';
  return warning > 0 ? 'warning' : 'ok';
}

/** The same report without any of the secrets, wherever they stand. */
export function withoutSecrets(report: DoctorReport, secrets: readonly string[]): DoctorReport {
  const text = JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'string' ? maskSecrets(value, secrets) : value,
  );
  return JSON.parse(text) as DoctorReport;
}

/** Paints a text that tells a state. */
export type Paint = (status: FindingStatus, text: string) => string;

const SIGNS: Readonly<Record<FindingStatus, string>> = { ok: '✓', warning: '!', error: '✗', skipped: '–' };
const TITLES: Readonly<Record<FindingGroup['kind'], (name: string) => string>> = {
  environment: () => 'Environment',
  opentelemetry: () => 'Node and OpenTelemetry',
  destination: (name) => `Destination ${name}`,
  spool: () => 'Spool',
};

function lines({ code, status, what, fix }: Finding, paint: Paint): string {
  const head = `  ${paint(status, SIGNS[status])} ${code}  ${escapeControls(what)}\n`;
  return fix === undefined ? head : `${head}           → ${escapeControls(fix)}\n`;
}

/** Skipped checks of one reason on one line: what matters stands above them. */
function groupText({ kind, name, findings }: FindingGroup, paint: Paint): string {
  const made = findings.filter(({ status }) => status !== 'skipped').map((item) => lines(item, paint));
  const reasons = new Map<string, string[]>();
  for (const { code, status, what } of findings) {
    if (status === 'skipped') reasons.set(what, [...(reasons.get(what) ?? []), code]);
  }
  const left = [...reasons].map(([why, codes]) => `  ${paint('skipped', SIGNS.skipped)} ${codes.join(' ')}  ${why}\n`);
  return `${TITLES[kind](name)}\n${made.join('')}${left.join('')}`;
}

/** The report for people. */
export function reportText(report: DoctorReport, paint: Paint): string {
  const { ok, warning, error, skipped } = report.counts;
  const parts = [
    ...(error > 0 ? [paint('error', `${error} ${error === 1 ? 'error' : 'errors'}`)] : []),
    ...(warning > 0 ? [paint('warning', `${warning} ${warning === 1 ? 'warning' : 'warnings'}`)] : []),
    paint('ok', `${ok} fine`),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return `${report.groups.map((group) => groupText(group, paint)).join('\n')}\n${parts.join(', ')}\n`;
}
