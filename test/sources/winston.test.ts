import { describe, expect, it } from 'vitest';
import { withoutArguments } from '../../src/sources/winston.ts';
import { EVERYTHING, Shop } from './shop.ts';

function emitted(record: object): object {
  const records: object[] = [];
  withoutArguments({ emit: (each) => void records.push(each) }).emit(record);
  expect(records).toHaveLength(1);
  return records[0] as object;
}

describe("what winston's transport takes for an exception", () => {
  it.each<[string, object]>([
    ['a text of the line', { body: 'price of tea', exception: 'tea' }],
    ['a number of the line', { body: 'took 17 ms', exception: 17 }],
    ['an object with a name', { body: 'x', attributes: { name: 'Ada' }, exception: { name: 'Ada' } }],
    ['an object with a code', { body: 'x', attributes: { code: 7 }, exception: { code: 7 } }],
    ['an object with a message', { body: 'x and y', attributes: {}, exception: { message: 'y' } }],
  ])('is left out when it is an argument: %s', (_, record) => {
    const { exception: __, ...line } = record as { exception: unknown };
    expect(emitted(record)).toEqual(line);
  });

  it.each<[string, object]>([
    ['an error', { body: 'failed', attributes: {}, exception: new RangeError('kaput') }],
    ['an object with a stack', { body: 'failed', exception: { stack: 'Error: kaput\n    at a.js:1:1' } }],
    ['a text of its own', { body: 'failed', exception: 'timeout' }],
    ['an object of its own', { body: 'failed', attributes: {}, exception: { code: 'ECONNRESET' } }],
    ['none', { body: 'fine' }],
  ])('stays when it says more than the line: %s', (_, record) => {
    expect(emitted(record)).toBe(record);
  });
});

describe('with a transport of its own', () => {
  const shop = new Shop(EVERYTHING);

  it('every line arrives once', async () => {
    const env = shop.env({ LOGFERRY_QUIET: 'true' });
    expect(await shop.installed.run('winston-twice.cjs', { env })).toMatchObject({ code: 0, stderr: '' });
    expect(shop.messages()).toEqual(['once', 'once more']);
  });
});
