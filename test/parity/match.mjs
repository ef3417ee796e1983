import { isDeepStrictEqual } from 'node:util';

function isPlain(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegExp);
}

function shown(value) {
  const text = JSON.stringify(value);
  return text === undefined ? String(value) : text.slice(0, 400);
}

function mismatches(actual, expected, path) {
  if (typeof expected === 'function') {
    return expected(actual) ? [] : [`${path}: ${shown(actual)} is not what ${expected} asks for`];
  }
  if (expected instanceof RegExp) {
    const fits = typeof actual === 'string' && expected.test(actual);
    return fits ? [] : [`${path}: ${shown(actual)} does not match ${expected}`];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) {
      return [`${path}: ${shown(actual)} is no list of ${expected.length}`];
    }
    return expected.flatMap((one, index) => mismatches(actual[index], one, `${path}[${index}]`));
  }
  if (isPlain(expected)) {
    if (typeof actual !== 'object' || actual === null) return [`${path}: ${shown(actual)} is no object`];
    return Object.entries(expected).flatMap(([key, one]) => mismatches(actual[key], one, `${path}.${key}`));
  }
  return isDeepStrictEqual(actual, expected) ? [] : [`${path}: ${shown(actual)} instead of ${shown(expected)}`];
}

/**
 * Throws unless `actual` has all that `expected` has: of objects the members that are named (`undefined`: absent), of
 * lists every element, texts by pattern, anything by a function that says yes.
 */
export function has(actual, expected, what = 'payload') {
  const wrong = mismatches(actual, expected, what);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** Throws unless it is so. */
export function holds(condition, text) {
  if (!condition) throw new Error(text);
}

/** The one record whose text is `text`, whichever platform's; requests overtake each other, so order says nothing. */
export function record(list, text) {
  const found = list.find((one) => (one.message ?? one.eventMessage ?? one.name) === text);
  if (found === undefined) throw new Error(`no record says "${text}"; there are ${list.length}`);
  return found;
}

/** Throws unless all five platforms have a record of this text; gives them by platform. */
export function everywhere(seen, text) {
  const { odysseus, logtide, redarch, loggier, trakerr } = seen;
  const lists = { odysseus, logtide, redarch, loggier, trakerr };
  return Object.fromEntries(
    Object.entries(lists).map(([platform, list]) => {
      try {
        return [platform, record(list, text)];
      } catch (error) {
        throw new Error(`${platform}: ${error.message}`);
      }
    }),
  );
}
