/** Characters of a name that are looked at, half from either end. */
const MAX_NAME = 512;
const ASCII = /^[\x20-\x7e]*$/;

/** A name cut into what all its spellings have in common. */
export interface NormalName {
  /** Lower-case letters and digits alone: `apikey` for `API-Key`, `api_key` and `apiKey`. */
  readonly joined: string;
  /** The last word: `key`. */
  readonly lastWord: string;
  /** The parts between dots, joined each. */
  readonly segments: readonly string[];
}

function bounded(name: string): string {
  const half = MAX_NAME / 2;
  const short = name.length > MAX_NAME ? `${name.slice(0, half)}.${name.slice(-half)}` : name;
  return ASCII.test(short) ? short : short.normalize('NFKC');
}

function joinedOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Cuts a name; separators, case, full-width and invisible characters make no difference. */
export function normalName(name: string): NormalName {
  const text = bounded(name);
  const words = text
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  const segments = text
    .split('.')
    .map(joinedOf)
    .filter((segment) => segment !== '');
  return { joined: joinedOf(text), lastWord: (words.at(-1) ?? '').toLowerCase(), segments };
}

/** Names that end like this are secrets, in the singular and (but for `token`) the plural. */
const ENDINGS = [
  ...['password', 'passwd', 'passphrase', 'passcode', 'secret', 'token', 'credential', 'authorization', 'cookie'],
  ...['apikey', 'accesskey', 'secretkey', 'privatekey', 'signingkey', 'encryptionkey', 'decryptionkey', 'masterkey'],
  ...['sharedkey', 'accountkey', 'subscriptionkey', 'sessionkey', 'authkey', 'appkey', 'hmackey', 'sshkey'],
  ...['passwordhash', 'passworddigest', 'passwordsalt', 'passwordconfirmation', 'passwordconfirm', 'passwordrepeat'],
  ...['passwordnew', 'passwordold', 'passwordcurrent', 'passwordvalue', 'secretvalue', 'tokenvalue', 'privatekeypem'],
  ...['accesstokens', 'refreshtokens', 'authtokens', 'apitokens', 'sessiontokens', 'accesssignature'],
  ...['creditcard', 'debitcard', 'creditcardnumber', 'cardnumber', 'cardno', 'ccnumber', 'securitycode'],
  ...['socialsecurity', 'socialsecuritynumber', 'seedphrase', 'recoveryphrase', 'onetimepassword', 'otpcode'],
  ...['dbpass', 'userpass', 'smtppass', 'mailpass', 'ftppass', 'rootpass', 'adminpass', 'redispass', 'sqlpass'],
  ...['authpass', 'loginpass', 'clientassertion', 'samlresponse', 'codeverifier'],
];
/** Short words that are secrets as the last word of a name; as an ending they would hit others (`class_n`, `spin`). */
const LAST_WORDS: ReadonlySet<string> = new Set([
  'pwd',
  'cvv',
  'cvc',
  'ssn',
  'otp',
  'totp',
  'jwt',
  'pin',
  'csrf',
  'xsrf',
]);
const WHOLE: ReadonlySet<string> = new Set([
  'pass',
  'pincode',
  'phpsessid',
  'jsessionid',
  'sessid',
  'connectsid',
  'aspnetsessionid',
]);
/** Tokens that point to a page or stop a task. */
const HARMLESS = ['nexttoken', 'pagetoken', 'continuationtoken', 'cancellationtoken', 'canceltoken', 'synctoken'];
/** Every secret name has one of these in it: a quick no for names in texts. */
const STEMS =
  /pass|pwd|secret|token|credential|authori|cookie|key|phrase|card|cvv|cvc|cc.?n|ssn|social|otp|jwt|pin|csrf|xsrf|sess|sid|code|signature|assertion|saml|%|[^\x20-\x7e]/i;
/** What ends like this is text; a number there counts something. */
const TEXT_ONLY = /(?:token|pass|cookie)$/;

/** Whether a name cannot be a secret by default, found out without cutting it. */
export function isOrdinary(name: string): boolean {
  return !STEMS.test(name);
}

/** Whether what stands under a name is a secret as a rule: passwords, keys, tokens, cookies, card numbers. */
export function isSecretName({ joined, lastWord }: NormalName): boolean {
  const name = joined.replace(/\d{1,4}$/, '');
  const word = lastWord.replace(/\d{1,4}$/, '');
  if (LAST_WORDS.has(word) || WHOLE.has(name)) return true;
  if (HARMLESS.some((ending) => name.endsWith(ending))) return false;
  const singular = name.endsWith('s') && !name.endsWith('tokens') ? name.slice(0, -1) : name;
  return ENDINGS.some((ending) => name.endsWith(ending) || singular.endsWith(ending));
}

/** Whether a number under a secret name is none, such as the tokens that a language model was given. */
export function isTextOnly({ joined }: NormalName): boolean {
  return TEXT_ONLY.test(joined.replace(/\d{1,4}$/, ''));
}

/** Whether the secret may have blanks in it, so that in text it goes to the end of the line. */
export function isWholeLine({ joined }: NormalName): boolean {
  return /(?:cookies?|authorization|phrase)\d{0,4}$/.test(joined);
}
