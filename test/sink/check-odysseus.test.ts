import { describe, expect, it } from 'vitest';
import { checkOdysseus } from '../../src/sink/check-odysseus.ts';
import { accepted, check, keys, verdict } from './checking.ts';

describe('Odysseus', () => {
  const log = {
    session_id: '3f2504e04f8941d39a0c0305e82c3301',
    message: '',
    severity: 6,
    timestamp: '2026-01-02T03:04:05.1234567Z',
  };
  const event = {
    id: '00112233-4455-4677-8899-aabbccddeeff',
    name: 'n',
    session_id: log.session_id,
    type: 0,
    timestamp: log.timestamp,
    position: 0,
  };
  const path = (channel: string): string => `/api/${channel}/${keys.odysseusAppId}/${keys.odysseusAppKey}`;
  const post = (channel: 'logs' | 'events', body: unknown): [number, string | undefined] =>
    verdict(check(checkOdysseus, { path: path(channel), channel, body }));

  it.each([
    ['logs', {}],
    ['logs', { platform: null, context: null, line: 2_147_483_647 }],
    ['events', {}],
    ['events', { position: 2_147_483_647, stream_id: '4bf92f3577b34da6a3ce929d0e0e4736', data: {} }],
    ['events', { position: null, stream_id: null }],
  ] as const)('takes %s with %j', (channel, more) => {
    expect(post(channel, [{ ...(channel === 'logs' ? log : event), ...more }])).toEqual(accepted);
  });

  it.each([
    ['logs', 'severity', 7],
    ['logs', 'severity', 2.5],
    ['logs', 'severity', '2'],
    ['logs', 'severity', undefined],
    ['logs', 'session_id', 'session'],
    ['logs', 'session_id', '3f2504e0-4f8941d39a0c0305e82c3301'],
    ['logs', 'message', null],
    ['logs', 'timestamp', '2026-01-02T03:04:05.12345678Z'],
    ['logs', 'timestamp', 1_767_323_045],
    ['logs', 'context', 'text'],
    ['logs', 'line', 2_147_483_648],
    ['logs', 'platform', 40_000],
    ['events', 'id', undefined],
    ['events', 'name', ''],
    ['events', 'position', 2_147_483_648],
    ['events', 'position', -1],
    ['events', 'stream_id', '123'],
    ['events', 'data', []],
  ] as const)('refuses %s with %s %j, naming entry and field', (channel, field, value) => {
    const good = channel === 'logs' ? log : event;
    expect(post(channel, [good, { ...good, [field]: value }])).toEqual([
      400,
      expect.stringMatching(new RegExp(`^\\[1\\]\\.${field}: `)),
    ]);
  });

  it('takes arrays only, and not empty ones', () => {
    for (const body of [log, [], '', 'nonsense']) expect(post('logs', body)[0]).toBe(400);
    expect(post('logs', [null])).toEqual([400, '[0]: must be an object']);
  });

  it('knows its app and key, percent-encoded or not', () => {
    const at = (id: string, key: string): number =>
      check(checkOdysseus, { path: `/api/logs/${id}/${key}`, body: [log] }).answer.status;
    const { odysseusAppId: id, odysseusAppKey: key } = keys;
    expect([at(id, key), at(id, key.replace('-', '%2D'))]).toEqual([200, 200]);
    expect([at('other', key), at(id, 'other'), at(id, '')]).toEqual([401, 401, 401]);
    expect([at(id, `${key}/x`), at(id, '%zz')]).toEqual([404, 404]);
  });

  it('takes nesting that clients are known to send, not more than it can show', () => {
    const at = (depth: number): number =>
      check(checkOdysseus, {
        path: path('logs'),
        body: `[{${JSON.stringify(log).slice(1, -1)},"context":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]`,
      }).answer.status;
    expect([at(496), at(998), at(999), at(50_000)]).toEqual([200, 200, 400, 400]);
  });

  it('takes JSON only', () => {
    const headers = { 'content-type': 'text/plain' };
    expect(verdict(check(checkOdysseus, { path: path('logs'), headers, body: [log] }))[0]).toBe(415);
    const gzip = { 'content-encoding': 'gzip' };
    expect(verdict(check(checkOdysseus, { path: path('logs'), headers: gzip, body: [log] }))[0]).toBe(415);
  });
});
