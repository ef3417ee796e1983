import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { validityFinding } from '../../src/cli/doctor/tls.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';
import { AUTHORITY, EXPIRED, GOOD, KEY, NOT_YET, OTHER_NAME } from './doctor-certificates.ts';
import { examined, LOGTIDE_KEY, logferry, secureServer, server, takesAll } from './doctor-rig.ts';
import { temporary } from './spool-rig.ts';

async function inProcess(origin: string) {
  const { of } = await examined({ env: { LOGTIDE_API_URL: origin, LOGTIDE_API_KEY: LOGTIDE_KEY } });
  return of('logtide');
}

/** With the authority among those that Node knows, as it reads them when it starts. */
async function trusting(origin: string, env: Record<string, string> = {}): Promise<Readonly<Record<string, Finding>>> {
  const authority = join(temporary(), 'authority.pem');
  fs.writeFileSync(authority, AUTHORITY);
  const { stdout } = await logferry(['doctor', '--json', '--no-trial'], {
    env: { LOGTIDE_API_URL: origin, LOGTIDE_API_KEY: LOGTIDE_KEY, NODE_EXTRA_CA_CERTS: authority, ...env },
  });
  const { groups } = JSON.parse(stdout) as DoctorReport;
  const findings = groups.find(({ name }) => name === 'logtide')?.findings ?? [];
  return Object.fromEntries(findings.map((item) => [item.code, item]));
}

describe('logferry doctor, TLS', () => {
  it('names a self-signed certificate and what to do, and sends no key there', async () => {
    let requests = 0;
    const origin = await secureServer(SELF_SIGNED.cert, SELF_SIGNED.key, (request, response) => {
      requests += 1;
      takesAll(request, response);
    });
    const found = await inProcess(origin);
    expect(found.DR023).toMatchObject({ status: 'error', details: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    expect(found.DR023?.what).toBe('the certificate is self-signed');
    expect(found.DR023?.fix).toContain('NODE_EXTRA_CA_CERTS');
    expect(found.DR025?.status).toBe('skipped');
    expect(requests).toBe(0);
  });

  it('names an authority that Node does not know', async () => {
    const found = await inProcess(await secureServer(GOOD, KEY, takesAll));
    expect(found.DR023).toMatchObject({ status: 'error', details: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
    expect(found.DR023?.what).toContain('Test Authority');
    const sendsAll = await inProcess(await secureServer(`${GOOD}${AUTHORITY}`, KEY, takesAll));
    expect(sendsAll.DR023).toMatchObject({ status: 'error', details: { code: 'SELF_SIGNED_CERT_IN_CHAIN' } });
    expect(sendsAll.DR023?.what).toContain('an authority that Node does not know (Test Authority)');
  });

  it('finds a certificate well whose authority is known, and tells what it is', async () => {
    const found = await trusting(await secureServer(GOOD, KEY, takesAll));
    expect(found.DR023).toMatchObject({
      status: 'ok',
      details: { protocol: 'TLSv1.3', issuer: 'Test Authority', names: ['IP Address:127.0.0.1'] },
    });
    expect(found.DR023?.details.validTo).toBe('Dec 31 00:00:00 2125 GMT');
    expect(found.DR025?.status).toBe('ok');
  });

  it.each([
    ['has expired', EXPIRED, 'CERT_HAS_EXPIRED', /expired at Jan {2}1 00:00:00 2021 GMT/],
    ['is not valid yet', NOT_YET, 'CERT_NOT_YET_VALID', /not valid before Jan {2}1 00:00:00 2120 GMT/],
    ['is for another host', OTHER_NAME, 'ERR_TLS_CERT_ALTNAME_INVALID', /is for DNS:logs\.example\.com, not for 127/],
  ])('says that a certificate %s', async (_name, certificate, code, what) => {
    const found = await trusting(await secureServer(certificate, KEY, takesAll));
    expect(found.DR023).toMatchObject({ status: 'error', details: { code } });
    expect(found.DR023?.what).toMatch(what);
    expect(found.DR025?.status).toBe('skipped');
  });

  it('warns when nothing is verified at all', async () => {
    const origin = await secureServer(EXPIRED, KEY, takesAll);
    const found = await trusting(origin, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(found.DR023).toMatchObject({ status: 'warning', details: { code: 'CERT_HAS_EXPIRED' } });
    expect(found.DR023?.what).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0');
    expect(found.DR025?.status).toBe('ok');
  });

  it('says that no TLS is spoken', async () => {
    const origin = await server(takesAll);
    const found = await inProcess(origin.replace('http:', 'https:'));
    expect(found.DR023).toMatchObject({ status: 'error' });
    expect(found.DR023?.what).toMatch(/^no TLS connection: no TLS is spoken there/);
    expect(found.DR025?.status).toBe('skipped');
  });

  it('warns two weeks before a certificate expires', () => {
    const validTo = 'Dec 31 00:00:00 2125 GMT';
    const at = (daysBefore: number) =>
      validityFinding(
        { protocol: 'TLSv1.3', issuer: 'CA', validTo },
        Date.parse(validTo) - daysBefore * 86_400_000,
        {},
      );
    expect(at(14)).toMatchObject({ status: 'ok', what: 'TLSv1.3, certificate of CA valid for 14 days' });
    expect(at(13)).toMatchObject({ status: 'warning' });
    expect(at(13).fix).toContain('renewed');
  });
});
