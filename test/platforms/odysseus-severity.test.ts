import { describe, expect, test } from 'vitest';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { OdysseusEntryOptions } from '../../src/platforms/odysseus-settings.ts';
import type { RecordParts } from '../support/records.ts';
import { record, SPAN } from '../support/records.ts';

function encode(parts: RecordParts, options: OdysseusEntryOptions = {}): Record<string, unknown> {
  return JSON.parse(odysseus({ appId: 'a', appKey: 'k', ...options }).logs.codec.encode(record(parts)));
}

function severity(parts: RecordParts, options: OdysseusEntryOptions = {}): unknown {
  return encode(parts, options).severity;
}

const BY_NUMBER = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6];

test.each(BY_NUMBER.map((expected, index) => [index + 1, expected]))('number %i is %i', (severityNumber, expected) => {
  expect(severity({ severityNumber })).toBe(expected);
});

test.each([
  ['trace', 0],
  ['debug', 1],
  ['verbose', 1],
  ['info', 2],
  ['notice', 2],
  ['log', 2],
  ['success', 3],
  ['ok', 3],
  ['warn', 4],
  ['warning', 4],
  ['error', 5],
  ['fatal', 6],
  ['critical', 6],
  ['crit', 6],
  ['alert', 6],
  ['emerg', 6],
  ['panic', 6],
  ['something else', 2],
  ['', 2],
] as const)('without a number, the text "%s" is %i', (severityText, expected) => {
  expect(severity({ severityText })).toBe(expected);
  expect(severity({ severityNumber: 0, severityText: severityText.toUpperCase() })).toBe(expected);
});

describe('success', () => {
  test.each([0, 3, 6, 'success', 'CRITICAL', ' Warn ', '5'])(
    'odysseus.severity %s is exact and leaves the context',
    (value) => {
      const names = ['success', 'CRITICAL', ' Warn ', '5'];
      const expected = typeof value === 'number' ? value : [3, 6, 4, 5][names.indexOf(value)];
      const entry = encode({ severityNumber: 17, attributes: { 'odysseus.severity': value } });
      expect(entry.severity).toBe(expected);
      expect(entry.context ?? {}).not.toHaveProperty('odysseus.severity');
    },
  );

  test.each([7, -1, 2.5, 'loud', null])('odysseus.severity %s is ignored and stays in the context', (value) => {
    const entry = encode({ severityNumber: 13, attributes: { 'odysseus.severity': value } });
    expect(entry).toMatchObject({ severity: 4, context: { 'odysseus.severity': value } });
  });

  test.each([
    [undefined, 3],
    [0, 3],
    [9, 3],
    [10, 3],
    [12, 3],
    [8, 1],
    [13, 4],
    [17, 5],
    [21, 6],
  ])('text SUCCESS with number %s is %i', (severityNumber, expected) => {
    const number = severityNumber === undefined ? {} : { severityNumber };
    expect(severity({ ...number, severityText: 'SUCCESS' })).toBe(expected);
    expect(severity({ ...number, severityText: 'success' })).toBe(expected);
  });

  test('text OK counts only without a number', () => {
    expect(severity({ severityNumber: 9, severityText: 'OK' })).toBe(2);
  });

  test('numbers 10 to 12 alone are no success', () => {
    expect([10, 11, 12].map((severityNumber) => severity({ severityNumber }))).toEqual([2, 2, 2]);
  });

  test('event.outcome and span status OK only on request and only in the INFO range', () => {
    const options = { outcomeSuccess: true };
    const outcome = { attributes: { 'event.outcome': 'success' } };
    const okSpan = { span: { ...SPAN, status: 1 } };
    expect(severity({ severityNumber: 9, ...outcome })).toBe(2);
    expect(severity({ severityNumber: 9, ...outcome }, options)).toBe(3);
    expect(severity({ ...outcome }, options)).toBe(3);
    expect(severity({ severityNumber: 13, ...outcome }, options)).toBe(4);
    expect(severity({ severityNumber: 9, attributes: { 'event.outcome': 'failure' } }, options)).toBe(2);
    expect(severity({ ...okSpan }, options)).toBe(3);
    expect(severity({ ...okSpan })).toBe(2);
    expect(severity({ span: { ...SPAN, status: 2 } }, options)).toBe(2);
    expect(encode({ ...outcome }, options).context).toEqual({ 'event.outcome': 'success' });
  });

  test('the hook decides what the rules before it left open', () => {
    const options: OdysseusEntryOptions = { severity: ({ body }) => (body === 'boom' ? 6 : undefined) };
    expect(severity({ body: 'boom', severityNumber: 9 }, options)).toBe(6);
    expect(severity({ body: 'fine', severityNumber: 9 }, options)).toBe(2);
    expect(severity({ body: 'boom', severityText: 'SUCCESS' }, options)).toBe(3);
    expect(severity({ body: 'boom', attributes: { 'odysseus.severity': 1 } }, options)).toBe(1);
    expect(severity({ severityNumber: 13 }, { severity: () => 9 as 6 })).toBe(4);
    const throwing = { severity: () => JSON.parse('{') as 1 };
    expect(severity({ severityNumber: 13 }, throwing)).toBe(4);
  });
});

test('a span event named exception is an error, unless it says something else', () => {
  expect(severity({ eventName: 'exception', span: SPAN })).toBe(5);
  expect(severity({ eventName: 'exception', span: SPAN, severityNumber: 9 })).toBe(2);
  expect(severity({ eventName: 'exception' })).toBe(2);
});

describe('the original severity is kept when the number cannot tell it', () => {
  test.each<[RecordParts, object | undefined]>([
    [{ severityNumber: 9, severityText: 'INFO' }, undefined],
    [{ severityNumber: 17, severityText: 'error' }, undefined],
    [{ severityNumber: 21, severityText: 'FATAL' }, undefined],
    [{ severityNumber: 9, severityText: 'SUCCESS' }, undefined],
    [{ severityText: 'warning' }, undefined],
    [{ severityNumber: 10, severityText: 'INFO' }, { severity_number: 10 }],
    [{ severityNumber: 9, severityText: 'NOTICE' }, { severity_text: 'NOTICE' }],
    [{ severityNumber: 30 }, { severity_number: 30 }],
    [{ severityNumber: 17, severityText: 'SUCCESS' }, { severity_text: 'SUCCESS' }],
    [
      { severityNumber: 17, severityText: 'ERROR', attributes: { 'odysseus.severity': 3 } },
      { severity_number: 17, severity_text: 'ERROR' },
    ],
  ])('%j', (parts, context) => {
    expect(encode(parts).context).toEqual(context);
  });
});
