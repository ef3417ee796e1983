import { describe, expect, it } from 'vitest';
import { messages, read, store } from './reading.ts';
import { start } from './sinks.ts';

const now = Date.parse('2026-11-20T12:00:00.000Z');
const entries = [
  { message: 'none' },
  { message: 'empty', metadata: { other: 1 } },
  { message: 'null', metadata: { k: null } },
  { message: 'text', metadata: { k: 'Value' } },
  { message: 'number', metadata: { k: 1.5 } },
  { message: 'object', metadata: { k: { a: [1] } } },
  { message: 'true', metadata: { k: true, hostname: 'h1' } },
].map((fields, n) => ({ time: new Date(now + n).toISOString(), service: 's', level: 'info', ...fields }));
const names = entries.map(({ message }) => message);

const query = (filters: unknown): string => `?metadata_filters=${encodeURIComponent(JSON.stringify(filters))}`;

describe('metadata filters', () => {
  it.each<[object, readonly string[]]>([
    [{ op: 'equals', value: 'Value' }, ['text']],
    [{ op: 'equals', value: '1.5' }, ['number']],
    [{ op: 'equals', value: 'true' }, ['true']],
    [{ op: 'not_equals', value: 'Value' }, names.filter((name) => name !== 'text')],
    [{ op: 'not_equals', value: 'Value', include_missing: false }, ['number', 'object', 'true']],
    [{ op: 'in', values: ['1.5', 'true', 'x'] }, ['number', 'true']],
    [{ op: 'not_in', values: ['1.5', 'true'] }, ['none', 'empty', 'null', 'text', 'object']],
    [{ op: 'not_in', values: ['1.5'], include_missing: false }, ['text', 'object', 'true']],
    [{ op: 'exists' }, ['null', 'text', 'number', 'object', 'true']],
    // Entries without any metadata fail even this, as in the database.
    [{ op: 'not_exists' }, ['empty']],
    [{ op: 'contains', value: 'ALU' }, ['text']],
    [{ op: 'contains', value: '[1' }, ['object']],
  ])('%j', async (filter, expected) => {
    const sink = await start({ now: () => now + 1000 });
    await store(sink, entries);
    expect((await messages(sink, query([{ key: 'k', ...filter }]))).toReversed()).toEqual(expected);
  });

  it('hold together, and with other conditions', async () => {
    const sink = await start({ now: () => now + 1000 });
    await store(sink, entries);
    const both = query([
      { key: 'k', op: 'exists' },
      { key: 'hostname', op: 'equals', value: 'h1' },
    ]);
    expect(await messages(sink, both)).toEqual(['true']);
    expect(await messages(sink, `${both}&level=error`)).toEqual([]);
    expect(await messages(sink, query([]))).toHaveLength(entries.length);
  });

  it.each<[unknown, RegExp]>([
    [{}, /Expected array, received object/],
    [['x'], /Expected object, received string/],
    [[{ key: '', op: 'exists' }], /1 to 200 characters/],
    [[{ key: 'k', op: 'like' }], /must be one of equals/],
    [[{ key: 'k', op: 'equals' }], /op equals requires value/],
    [[{ key: 'k', op: 'equals', value: 1 }], /must be text/],
    [[{ key: 'k', op: 'in' }], /op in requires non-empty values/],
    [[{ key: 'k', op: 'in', values: [] }], /1 to 50 texts/],
    [[{ key: 'k', op: 'in', values: [1] }], /1 to 50 texts/],
    [[{ key: 'k', op: 'exists', include_missing: 'no' }], /true or false/],
    [Array(11).fill({ key: 'k', op: 'exists' }), /at most 10/],
  ])('refuse %j', async (filters, message) => {
    const reply = await read(await start(), `/api/v1/logs${query(filters)}`);
    expect([reply.status, reply.json()]).toEqual([
      400,
      {
        error: 'invalid metadata_filters',
        details: [{ code: 'custom', path: expect.any(Array), message: expect.stringMatching(message) }],
      },
    ]);
  });

  it('must be JSON, and are unknown to line A', async () => {
    const b = await read(await start(), '/api/v1/logs?metadata_filters=x');
    expect([b.status, b.json()]).toEqual([400, { error: 'metadata_filters must be valid JSON' }]);
    const a = await read(await start({ logtideServer: 'A' }), '/api/v1/logs?metadata_filters=x');
    expect(a.status).toBe(200);
  });
});
