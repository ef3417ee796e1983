import type { HttpAnswer } from '../../delivery/endpoint.ts';
import { HttpTransport } from '../../delivery/http.ts';
import type { Verdict } from '../../delivery/verdict.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { EmittedRecord } from '../../record/record.ts';
import { SDK_VERSION } from '../../version.ts';
import { type Finding, finding } from './finding.ts';
import { networkText } from './network-words.ts';
import type { Surroundings } from './surroundings.ts';
import { verdictWords } from './verdict-words.ts';

export const TEST_BODY = 'logferry doctor test record';

/** What came of sending the test record. */
export interface Sent {
  readonly finding: Finding;
  /** By which it can be found. */
  readonly traceId: string;
  readonly delivered: boolean;
  readonly date: string | undefined;
  /** Wall-clock milliseconds halfway between request and answer. */
  readonly atMillis: number;
}

/** A record that says what it is, so that nobody takes it for one of the application's. */
function testRecord(on: Surroundings, service: string, traceId: string): EmittedRecord {
  const now = on.clock.wallNow();
  const time = [Math.floor(now / 1_000), (now % 1_000) * 1e6];
  const record: unknown = {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: 9,
    severityText: 'INFO',
    body: TEST_BODY,
    attributes: { 'logferry.doctor': true, 'logferry.doctor.id': traceId },
    droppedAttributesCount: 0,
    spanContext: { traceId, spanId: traceId.slice(0, 16), traceFlags: 0 },
    resource: { attributes: { 'service.name': service } },
    instrumentationScope: { name: 'logferry.doctor', version: SDK_VERSION },
  };
  return record as EmittedRecord;
}

interface Reply {
  readonly verdict: Verdict;
  readonly answer: HttpAnswer | undefined;
  readonly millis: number;
  readonly atMillis: number;
}

async function post(on: Surroundings, platform: Platform, transport: HttpTransport, body: Buffer): Promise<Reply> {
  const { endpoint } = platform.logs;
  const [begun, wall] = [on.clock.now(), on.clock.wallNow()];
  const outcome = await transport.send(endpoint.request(body, 1));
  const passed = {
    millis: Math.round(on.clock.now() - begun),
    atMillis: (wall + on.clock.wallNow()) / 2,
  };
  if (outcome.kind === 'answer') {
    return { verdict: endpoint.judge(outcome.answer, 1), answer: outcome.answer, ...passed };
  }
  return { verdict: { kind: 'transient', reason: outcome.reason }, answer: undefined, ...passed };
}

function described({ verdict, answer, millis }: Reply, traceId: string, repeated: boolean): Finding {
  const status = answer?.status;
  const details = { traceId, verdict: verdict.kind, millis, ...(status !== undefined && { status }) };
  if (verdict.kind === 'delivered' && verdict.rejected === undefined) {
    const what = `the test record was stored (${status}, ${millis} ms); find it by trace id ${traceId}`;
    if (!repeated) return finding('DR025', 'ok', what, { details });
    const why = 'only with a token for the time of the server';
    return finding('DR025', 'warning', `${what}, but ${why}`, { fix: 'set the clock of this machine', details });
  }
  if (answer === undefined) {
    const reason = 'reason' in verdict ? verdict.reason : '';
    return finding('DR025', 'error', `no answer to the test record: ${networkText(reason)}`, {
      fix: 'see the checks above; records wait meanwhile',
      details: { ...details, code: reason },
    });
  }
  const { status: how, what, fix } = verdictWords(verdict, answer);
  return finding('DR025', how, what, { fix, details });
}

/** `DR025`: one record as the platform's own codec and endpoint make it, and what the platform says of it. */
export async function sendTestRecord(on: Surroundings, platform: Platform, service: string): Promise<Sent> {
  const { codec, endpoint } = platform.logs;
  const traceId = on.traceId();
  const { open, close } = codec.framing(1);
  const body = Buffer.from(`${open}${codec.encode(testRecord(on, service, traceId))}${close}`);
  const transport = new HttpTransport({
    origin: endpoint.origin,
    maxConnections: 1,
    timeoutMillis: on.timeoutMillis,
    connectTimeoutMillis: on.timeoutMillis,
    holdsProcess: true,
    clock: on.clock,
  });
  let reply = await post(on, platform, transport, body);
  // RedArch's endpoint takes the server's time from a 401 and signs anew.
  const repeats = reply.answer?.status === 401 && reply.verdict.kind === 'transient';
  if (repeats) reply = await post(on, platform, transport, body);
  await transport.close();
  const { verdict, answer, atMillis } = reply;
  return {
    finding: described(reply, traceId, repeats),
    traceId,
    delivered: verdict.kind === 'delivered' && verdict.rejected === undefined,
    date: answer?.headers.date,
    atMillis,
  };
}
