import { describe, expect, it } from 'vitest';
import { finding } from '../../src/cli/doctor/finding.ts';
import { maskSecrets, secretsOf } from '../../src/cli/doctor/secrets.ts';
import { countsOf, type DoctorReport, withoutSecrets, worstOf } from '../../src/cli/doctor-report.ts';

function reading(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
}

describe('secrets, behind checks that print none', () => {
  it('are found in variables, files, DSNs and addresses', () => {
    const env = {
      TRAKERR_API_KEY: ' planted-direct ',
      RARCH_LOGGING_API_KEY_FILE: '/run/key',
      LOGGIER_API_KEY_FILE: '/nowhere',
      LOGTIDE_DSN: 'https://lp_planted-dsn:planted-%C3%BC-pass@logs.example.com',
      LOGTIDE_API_URL: 'https://planted-user@logs.example.com',
      ODYSSEUS_APP_KEY: 'short',
      LOGFERRY_LEVEL: 'planted-level',
    };
    const found = secretsOf({ env, readFile: reading({ '/run/key': 'planted "file"\n' }) });
    for (const secret of ['planted-direct', 'planted "file"', 'lp_planted-dsn', 'planted-ü-pass', 'planted-user']) {
      expect(found).toContain(secret);
    }
    // As they would stand in a URL or in JSON.
    expect(found).toEqual(
      expect.arrayContaining(['planted%20%22file%22', 'planted \\"file\\"', 'planted-%C3%BC-pass']),
    );
    // What is no secret, or too short to be told from a word.
    expect(found).not.toContain('planted-level');
    expect(found).not.toContain('short');
    expect(found.map((text) => text.length)).toEqual(found.map((text) => text.length).toSorted((a, b) => b - a));
  });

  it('are masked wherever they stand in a report', () => {
    const details = { list: ['a planted-key b', { deep: 'planted-key-and-more' }], count: 3 };
    const groups = [
      {
        ...{ name: 'trakerr', kind: 'destination' as const },
        findings: [finding('DR020', 'warning', 'https://planted-key/', { fix: 'not planted-key', details })],
      },
    ];
    const counts = countsOf(groups);
    const report: DoctorReport = {
      ...{ version: '1', at: '', service: 'planted-key', directory: '/', status: worstOf(counts), counts, groups },
    };
    const masked = withoutSecrets(report, ['planted-key-and-more', 'planted-key']);
    expect(JSON.stringify(masked)).not.toContain('planted');
    expect(masked.groups[0]?.findings[0]).toEqual({
      ...{ id: 'address', code: 'DR020', status: 'warning', what: 'https://****/', fix: 'not ****' },
      details: { list: ['a **** b', { deep: '****' }], count: 3 },
    });
    expect(masked).toMatchObject({ status: 'warning', counts: { ok: 0, warning: 1, error: 0, skipped: 0 } });
    expect(maskSecrets('aXbXc', ['X'])).toBe('a****b****c');
  });
});
