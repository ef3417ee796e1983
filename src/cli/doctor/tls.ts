import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Target } from './connection.ts';
import { type Finding, finding } from './finding.ts';
import { networkText } from './network-words.ts';
import { attempt, type Surroundings } from './surroundings.ts';

const DAY_MILLIS = 86_400_000;
const SOON_DAYS = 14;

interface Handshake {
  readonly protocol: string;
  readonly cipher: string;
  /** Why the certificate is refused; undefined when it is good. */
  readonly problem: string | undefined;
  readonly validFrom: string;
  readonly validTo: string;
  readonly issuer: string;
  readonly subject: string;
  readonly names: readonly string[];
}

function nameOf(part: PeerCertificate['subject'] | undefined): string {
  return [part?.CN, part?.O].flat().find((text) => typeof text === 'string' && text !== '') ?? 'unknown';
}

function handshakeOf(socket: TLSSocket): Handshake {
  const certificate = socket.getPeerCertificate();
  const { authorizationError: problem } = socket as { authorizationError?: unknown };
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    problem: problem === undefined || problem === null ? undefined : String(problem),
    validFrom: certificate.valid_from,
    validTo: certificate.valid_to,
    issuer: nameOf(certificate.issuer),
    subject: nameOf(certificate.subject),
    names: (certificate.subjectaltname ?? '').split(', ').filter((name) => name !== ''),
  };
}

/** A handshake that looks at a bad certificate too; nothing is sent over the connection. */
function shake({ host, port }: Target): { readonly done: Promise<Handshake>; readonly end: () => void } {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...servername });
  const done = new Promise<Handshake>((resolve, reject) => {
    socket.once('secureConnect', () => resolve(handshakeOf(socket)));
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  socket.on('error', () => {});
  return { done, end: () => socket.destroy() };
}

interface Trouble {
  readonly what: string;
  readonly fix: string;
}

const TRUST = 'have NODE_EXTRA_CA_CERTS name the PEM file of the authority that signed it, when Node starts';

function troubleOf(problem: string, { issuer, names, validTo, validFrom }: Handshake, host: string): Trouble {
  switch (problem) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return { what: 'the certificate is self-signed', fix: `${TRUST}; here that is the certificate itself` };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return { what: `the certificate comes from an authority that Node does not know (${issuer})`, fix: TRUST };
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return {
        what: `the chain of the certificate cannot be followed to a known authority (issuer ${issuer})`,
        fix: `have the server send its intermediate certificates, or ${TRUST}`,
      };
    case 'CERT_HAS_EXPIRED':
      return { what: `the certificate expired at ${validTo}`, fix: 'have it renewed; check the clock of this machine' };
    case 'CERT_NOT_YET_VALID':
      return { what: `the certificate is not valid before ${validFrom}`, fix: 'check the clock of this machine' };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        what: `the certificate is for ${names.join(', ') || 'no name'}, not for ${host}`,
        fix: 'use one of those names in the address, or have the certificate made for this one',
      };
    default:
      return { what: `the certificate is refused (${problem})`, fix: TRUST };
  }
}

/** For a certificate that is good, by the time of day `wallMillis`: whether it is so for long. */
export function validityFinding(
  { protocol, issuer, validTo }: Pick<Handshake, 'protocol' | 'issuer' | 'validTo'>,
  wallMillis: number,
  details: Readonly<Record<string, unknown>>,
): Finding {
  const days = Math.floor((Date.parse(validTo) - wallMillis) / DAY_MILLIS);
  const what = `${protocol}, certificate of ${issuer} valid for ${days} days`;
  if (days >= SOON_DAYS) return finding('DR023', 'ok', what, { details });
  return finding('DR023', 'warning', what, { fix: 'have it renewed; records wait once it has expired', details });
}

/** `DR023`: whether the server proves who it is. Undefined for `http://`. */
export async function checkTls(on: Surroundings, target: Target): Promise<Finding | undefined> {
  if (target.url.protocol !== 'https:') return undefined;
  const { done, end } = shake(target);
  const result = await attempt(on, done);
  end();
  if (result.kind === 'failed') {
    const { code } = result;
    return finding('DR023', 'error', `no TLS connection: ${networkText(code)}`, {
      fix: 'check that the port is the one for https',
      details: { code },
    });
  }
  const { value: shaken } = result;
  const { problem, ...rest } = shaken;
  const details = { ...rest, ...(problem !== undefined && { code: problem }) };
  if (problem === undefined) return validityFinding(shaken, on.clock.wallNow(), details);
  const { what, fix } = troubleOf(problem, shaken, target.host);
  if (on.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return finding('DR023', 'warning', `${what}; NODE_TLS_REJECT_UNAUTHORIZED=0 lets everybody read the key`, {
      fix: `remove NODE_TLS_REJECT_UNAUTHORIZED; ${fix}`,
      details,
    });
  }
  return finding('DR023', 'error', what, { fix, details });
}
