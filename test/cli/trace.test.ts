import { describe, expect, it } from 'vitest';
import { entry, lines, logferry, sinkRig } from './query-rig.ts';

describe('logferry trace', () => {
  it('prints the logs of one trace in the order of time, of all services', async () => {
    const { from, send } = await sinkRig();
    const at = Date.now() - 3 * 86_400_000;
    const trace_id = 'a b/c?d';
    await send([
      entry(2, at + 5, { trace_id, service: 'web' }),
      entry(1, at, { trace_id }),
      entry(3, at, { trace_id: 'other' }),
    ]);
    const { code, stdout, stderr } = await logferry(['trace', trace_id, ...from]).end;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\S+ {2}INFO {6}shop {2}order 1 {2}trace=a b\/c\?d\n\S+ {2}INFO {6}web {2}order 2 .*\n$/);
    const json = await logferry(['trace', trace_id, '--json', ...from]).end;
    expect(lines(json.stdout).map((line) => (JSON.parse(line) as { traceId: string }).traceId)).toEqual([
      trace_id,
      trace_id,
    ]);
  });

  it('an unknown trace is no failure; a missing id is wrong', async () => {
    const { from } = await sinkRig();
    expect(await logferry(['trace', 'nope', ...from]).end).toEqual({
      code: 0,
      stdout: '',
      stderr: 'logferry trace: no logs have this trace id\n',
    });
    expect(await logferry(['trace', ...from]).end).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('say which trace'),
    });
    expect(await logferry(['trace', 'a', 'b', ...from]).end).toMatchObject({ code: 2 });
  });
});
