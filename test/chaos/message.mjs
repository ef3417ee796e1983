import { createHash } from 'node:crypto';

// What an application writes into a record so that the oracle can tell it from every other and see any change of it:
//
//     id=<app>-<n> sha=<16 hex digits> <app>-<n>|<text>

const FORM = /^id=(.+)-(\d+) sha=([0-9a-f]{16}) ([\s\S]*)$/;
/** Texts that a file of lines, a checksum in hex or a parser of JSON might stumble over. */
const AWKWARD = [
  'plain words ',
  '"quoted" \\ and \\u0041 ',
  'line\r\nbreaks\n\n',
  'ünï©ødé 😀 \u2028 \ufeff ',
  '\n1c291ca3 {"time":"2026","message":"no record of its own"}\n',
  '}{][,:',
  '\u001b[31mred\u001b[0m\t',
];

function shaOf(payload) {
  return createHash('sha256').update(payload).digest('hex').slice(0, 16);
}

/** The text of record `n` of `app`; a poison record is refused by the oracle with everything in its request. */
export function messageOf(app, n, poison = false) {
  const id = `${app}-${n}`;
  const filler = AWKWARD[n % AWKWARD.length];
  // Most are short, a few are long enough to straddle any block.
  const length = n % 97 === 0 ? 20_000 : 40 + ((n * 37) % 400);
  const payload = `${id}|${poison ? 'poison|' : ''}${filler.repeat(Math.ceil(length / filler.length))}`;
  return `id=${id} sha=${shaOf(payload)} ${payload}`;
}

/** What a text says it is, and whether it still is that; undefined for a text without an id. */
export function readMessage(text) {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, app, number, sha, payload] = match;
  const intact = shaOf(payload) === sha && payload.startsWith(`${app}-${number}|`);
  return { app, n: Number(number), intact, poison: payload.startsWith(`${app}-${number}|poison|`) };
}
