const LANE = /^[a-z]{1,16}$/;
/** Last member of a line; quotes inside the members before it are escaped, so its first occurrence is the member. */
const RECORD = ',"record":';

/** A record that a platform refused for good: its text as it was sent, and why. */
export interface Refused {
  readonly platform: string;
  readonly lane: string;
  /** Begins with the HTTP status when there was one. */
  readonly reason: string;
  readonly text: string;
}

/** A line of a file of dead letters. */
export interface DeadLetterLine extends Refused {
  /** ISO 8601. */
  readonly at: string;
  readonly status: number | undefined;
  /** The line itself, without its line feed. */
  readonly line: string;
}

/** A dead letter as one line of JSON, line feed included; the record stands in it as it was sent. */
export function deadLetterLine({ platform, lane, reason, text }: Refused, atMillis: number): Buffer {
  const status = /^\d{3}(?!\d)/.exec(reason)?.[0];
  const head = JSON.stringify({
    at: new Date(atMillis).toISOString(),
    ...{ platform, lane, reason },
    ...(status !== undefined && { status: Number(status) }),
  });
  // Between the parts of JSON a line feed is as good as a blank.
  return Buffer.from(`${head.slice(0, -1)}${RECORD}${text.replace(/[\r\n]/g, ' ')}}\n`);
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}

/** Reads a line without its line feed; `undefined` when it is torn or not of the format. */
export function parseDeadLetterLine(line: string): DeadLetterLine | undefined {
  const { at, platform, lane, reason, status } = parsed(line);
  const record = line.indexOf(RECORD);
  if (typeof at !== 'string' || typeof platform !== 'string' || typeof reason !== 'string') return undefined;
  if (typeof lane !== 'string' || !LANE.test(lane) || record === -1 || !line.endsWith('}')) return undefined;
  const text = line.slice(record + RECORD.length, -1);
  return { at, platform, lane, reason, status: typeof status === 'number' ? status : undefined, text, line };
}
