import { type Agent, request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; throws when it is not JSON. */
  json(): unknown;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  readonly agent?: Agent;
}

/** One HTTP request that adds no header of its own. (`fetch` would add a content type, and captures have none.) */
export function call(port: number, { method = 'POST', path, headers = {}, body, agent }: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: () => JSON.parse(text) as unknown,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The error code of a request that must fail, such as `ECONNREFUSED`. Rejects when it gets an answer. */
export async function failureCode(reply: Promise<Reply>): Promise<string> {
  try {
    const { status } = await reply;
    throw new Error(`expected a failure, got status ${status}`);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

export const json = { 'content-type': 'application/json' } as const;
