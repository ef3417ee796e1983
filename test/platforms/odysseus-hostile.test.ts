import fc from 'fast-check';
import { expect, test } from 'vitest';
import { odysseus } from '../../src/platforms/odysseus.ts';
import { duplicateKeys, hostileRecord, textProblems } from '../support/records.ts';

const KNOWN = [
  ...['session.id', 'user.id', 'enduser.id', 'odysseus.tag', 'odysseus.severity', 'odysseus.platform', 'log.logger'],
  ...['odysseus.stream_id', 'odysseus.position', 'odysseus.meta', 'odysseus.type', 'event.id', 'event.name', 'body'],
  ...['code.file.path', 'code.function.name', 'code.line.number', 'thread.id', 'thread.name', 'event.outcome'],
  ...['exception.type', 'exception.message', 'exception.stacktrace', 'log.record.uid', 'otel.resource'],
  ...['trace_id', 'span_id', 'trace_flags', 'resource', 'scope', 'exception', 'severity_number', 'observed_time'],
];
const UUID = /^[0-9a-f]{32}$/;

test('whatever a record holds, both texts are JSON that every parser and database takes', () => {
  const { logs, events } = odysseus({
    ...{ appId: 'app', appKey: 'key', callerFromException: true, outcomeSuccess: true, recordUid: true },
    severity: () => undefined,
  });
  fc.assert(
    fc.property(hostileRecord(KNOWN), (hostile) => {
      const log = logs.codec.encode(hostile);
      const event = events.codec.encode(hostile);
      for (const text of [log, event]) {
        expect(textProblems(text)).toEqual([]);
        expect(duplicateKeys(text)).toEqual([]);
      }
      const entry = JSON.parse(log);
      expect([0, 1, 2, 3, 4, 5, 6]).toContain(entry.severity);
      expect(typeof entry.message).toBe('string');
      expect(entry.session_id).toMatch(UUID);
      expect(entry.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      const { id, name, stream_id, position, type } = JSON.parse(event);
      expect([typeof name, UUID.test(id), UUID.test(stream_id)]).toEqual(['string', true, true]);
      expect(Number.isInteger(position) && position >= 0 && position <= 2_147_483_647).toBe(true);
      expect(Number.isInteger(type)).toBe(true);
    }),
    { numRuns: 1_500 },
  );
});
