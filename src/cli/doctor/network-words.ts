const WORDS: Readonly<Record<string, string>> = {
  TIMEOUT: 'no answer in time',
  ENOTFOUND: 'the name does not exist',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there, or a firewall refuses',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'no answer in time; a firewall may drop the packets',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time; a firewall may drop the packets',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'no route to that machine',
  ENETUNREACH: 'no route to that network',
  EACCES: 'the operating system forbids it',
  EPERM: 'the operating system forbids it',
  EPROTO: 'no TLS is spoken there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS is spoken there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS is spoken there',
};

/** A system's or undici's error code in words, followed by the code. */
export function networkText(code: string): string {
  const words = WORDS[code];
  return words === undefined ? code : `${words} (${code})`;
}
