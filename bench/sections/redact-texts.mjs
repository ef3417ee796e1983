/** Texts that are hard on careless patterns, by their length. */
const repeated = (part) => (length) => part.repeat(Math.ceil(length / part.length)).slice(0, length);

const counted = (part) => (length) => {
  let text = '';
  for (let at = 0; text.length < length; at++) text += part(at);
  return text.slice(0, length);
};

export const TEXTS = {
  'one letter': repeated('a'),
  digits: repeated('4'),
  'digits in groups': repeated('4111 '),
  'single digits': repeated('4 '),
  separators: repeated('=:'),
  'names without values': repeated('password='),
  'ordinary pairs': repeated('name=value&'),
  'many names': counted((at) => `k${at}=1 `),
  'secret stems': counted((at) => `key${at}x=1 `),
  'open quotes': repeated('token:"'),
  'open brackets': repeated('token:['),
  backslashes: repeated('\\'),
  'escaped quotes': repeated('\\"'),
  'web tokens': repeated('eyJ-'),
  dots: repeated('eyJ.'),
  dashes: repeated('--a '),
  bearers: repeated('bearer '),
  'key beginnings': repeated('-----BEGIN PRIVATE KEY-----'),
  addresses: repeated('://a:b'),
  'at signs': repeated('a@'),
  'percent signs': repeated('%25'),
  'percent names': repeated('%70='),
  'base64 alphabet': repeated('YWFh'),
  prefixes: repeated('sk-AKIAghp_xoxb-'),
  blanks: repeated('token:        '),
};
