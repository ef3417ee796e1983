/** Which statuses are meant: `500`, `4xx`, `400-499`; a test for one of them. */
export type StatusTest = (status: number) => boolean;

const EXACT = /^[1-9]\d\d$/;
const CLASS = /^([1-9])xx$/i;
const RANGE = /^([1-9]\d\d)-([1-9]\d\d)$/;

function one(text: string): StatusTest | undefined {
  if (EXACT.test(text)) return (status) => status === Number(text);
  const [, hundred] = CLASS.exec(text) ?? [];
  if (hundred !== undefined) return (status) => Math.floor(status / 100) === Number(hundred);
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to)) return undefined;
  return (status) => status >= Number(from) && status <= Number(to);
}

/** A test for any of the statuses. Throws a `TypeError` that names the one that cannot be read. */
export function statusTest(option: string, statuses: readonly (number | string)[]): StatusTest {
  const tests = statuses.map((status) => {
    const test = one(String(status).trim());
    if (test === undefined) {
      throw new TypeError(`${option} has "${String(status).slice(0, 20)}"; use 500, 4xx or 400-499`);
    }
    return test;
  });
  return (status) => tests.some((test) => test(status));
}
