import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyTap } from './body-tap.ts';

/** Sees every chunk that anybody reads, in whichever way: a stream emits `data` for all of them. */
export function tapRequest(request: IncomingMessage, tap: BodyTap): void {
  const emit = request.emit;
  request.emit = function (this: IncomingMessage, event: string | symbol, ...args: unknown[]) {
    if (event === 'data') tap.see(args[0], this.readableEncoding);
    return Reflect.apply(emit, this, [event, ...args]) as boolean;
  } as typeof request.emit;
}

/** Sees what is written, and hands it on with arguments and result as they are. */
export function tapResponse(response: ServerResponse, tap: BodyTap): void {
  for (const name of ['write', 'end'] as const) {
    const original = response[name] as (...args: unknown[]) => unknown;
    const tapped = function (this: ServerResponse, ...args: unknown[]): unknown {
      tap.see(args[0], args[1]);
      return Reflect.apply(original, this, args);
    };
    response[name] = tapped as never;
  }
}

/** Headers that go to `writeHead()` never get to `getHeaders()`: an object, or names and values in turn. */
function written(headers: unknown): Readonly<Record<string, unknown>> {
  if (typeof headers !== 'object' || headers === null) return {};
  const pairs = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [String(name).toLowerCase(), value]));
}

function pairsOf(list: readonly unknown[]): readonly (readonly [unknown, unknown])[] {
  if (list.every(Array.isArray)) return list.map(([name, value]) => [name, value] as const);
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
}

/** Sees what is written as head of the answer, and hands it on. */
export function tapHead(response: ServerResponse, see: (headers: Readonly<Record<string, unknown>>) => void): void {
  const { writeHead } = response;
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    see(written(args.at(-1)));
    return Reflect.apply(writeHead, this, args);
  } as typeof response.writeHead;
}
