import { describe, expect, it } from 'vitest';
import { emitEvent, report } from '../../src/instrument/report.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import { logRig, registered } from './rig.ts';

describe('report', () => {
  it('logs a message with its fields', () => {
    const { records } = registered(logRig());
    report('disk is nearly full', { disk: 'sda', percent: 97 }, { level: 'warn' });
    report('hello');
    report('by number', {}, { level: 18 });
    report('no level of a record', {}, { level: 'off' });
    expect(records).toMatchObject([
      {
        body: 'disk is nearly full',
        severityNumber: 13,
        severityText: 'WARN',
        attributes: { disk: 'sda', percent: 97 },
      },
      { body: 'hello', severityNumber: 9, severityText: 'INFO', attributes: {} },
      { severityNumber: 18, severityText: 'ERROR' },
      { severityNumber: 9, severityText: 'INFO' },
    ]);
  });

  it('logs an error with its structured exception, class first', () => {
    const { records } = registered(logRig());
    report(Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' }), { order: 7 });
    report(new Error('x'), undefined, { message: 'while closing', level: 'fatal' });
    report({ status: 404 });
    expect(records).toMatchObject([
      {
        body: 'refused',
        severityNumber: 17,
        attributes: { 'exception.type': 'TypeError', 'exception.code': 'ECONNREFUSED', order: 7 },
      },
      { body: 'while closing', severityNumber: 21, attributes: { 'exception.message': 'x' } },
      { body: '{"status":404}', severityNumber: 17 },
    ]);
  });

  it('goes nowhere without a provider, and never throws', () => {
    expect(() => report('nobody')).not.toThrow();
    const { records, logger } = logRig();
    const trap = {
      get bad(): never {
        throw new Error('trap');
      },
    };
    report('hostile', trap, { logger });
    report(new Error('hostile'), null as never, { logger, level: 'loud' as never });
    report(undefined, {}, { logger });
    report('null options', {}, null as never);
    const emit = (): never => trap.bad;
    report('broken', {}, { logger: { emit } });
    expect(records.map(({ body }) => body)).toEqual(['hostile', 'hostile', 'undefined']);
    expect(records[0]?.attributes).toEqual({ bad: '[Unserializable]' });
    expect(records[1]?.severityNumber).toBe(9);
  });

  it('finds the provider that is registered now', () => {
    const first = registered(logRig());
    report('to the first');
    expect(first.records).toHaveLength(1);
  });

  it('finds the provider of another registration after that', () => {
    const second = registered(logRig());
    report('to the second');
    expect(second.records.map(({ body }) => body)).toEqual(['to the second']);
  });
});

describe('emitEvent', () => {
  it('is an event with name, data and the fields of Odysseus', () => {
    const { records } = registered(logRig());
    const streamId = '0af7651916cd43dd8448eb211c80319c';
    emitEvent(
      'order.placed',
      { id: 7, total: 12.5, items: [{ sku: 'a' }] },
      {
        attributes: { 'user.id': 'u-1' },
        timestamp: [1_700_000_000, 250_000_000],
        streamId,
        position: 3,
        type: 2,
        meta: { source: 'web' },
      },
    );
    expect(records[0]).toMatchObject({
      eventName: 'order.placed',
      severityNumber: 9,
      hrTime: [1_700_000_000, 250_000_000],
    });
    const platform = odysseus({ appId: `app_${'0'.repeat(32)}`, appKey: 'k'.repeat(32) });
    const event = JSON.parse(platform.events.codec.encode(records[0] as never)) as Record<string, unknown>;
    expect(event).toMatchObject({
      name: 'order.placed',
      timestamp: '2023-11-14T22:13:20.250000Z',
      position: 3,
      type: 2,
      user: 'u-1',
      data: { id: 7, total: 12.5, items: [{ sku: 'a' }] },
      meta: { source: 'web' },
    });
    expect(String(event.stream_id).replaceAll('-', '')).toBe(streamId);
  });

  it('needs nothing but a name', () => {
    const { records } = registered(logRig());
    emitEvent('started');
    expect(records).toMatchObject([{ eventName: 'started', attributes: {} }]);
    expect(records[0]?.body).toBeUndefined();
  });

  it('copies data and survives what is made to hurt', () => {
    const { records } = registered(logRig());
    const data = { items: [1] };
    emitEvent('copied', data);
    data.items.push(2);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    emitEvent('revoked', proxy, { meta: proxy, attributes: proxy });
    emitEvent('level', {}, { level: 'loud' as never });
    expect(records.map(({ eventName }) => eventName)).toEqual(['copied', 'revoked', 'level']);
    expect(records[0]?.body).toEqual({ items: [1] });
  });
});
