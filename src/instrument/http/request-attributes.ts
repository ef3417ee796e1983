import type { HttpSpan, ServerRequest } from './http-span.ts';

/** Names that the conventions had before HTTP became stable, and what they are called now. */
const RENAMED: ReadonlyMap<string, string | undefined> = new Map([
  ...['http.method', 'http.url', 'http.target', 'http.status_code'].map((name) => [name, undefined] as const),
  ['http.scheme', 'url.scheme'],
  ['http.host', undefined],
  ['http.flavor', 'network.protocol.version'],
  ['http.user_agent', 'user_agent.original'],
  ['http.client_ip', 'client.address'],
  ['http.request_content_length_uncompressed', 'http.request.body.size'],
  ['http.response_content_length_uncompressed', 'http.response.body.size'],
  ['http.status_text', undefined],
  ['net.host.name', 'server.address'],
  ['net.host.port', 'server.port'],
  ['net.host.ip', 'network.local.address'],
  ['net.peer.ip', 'network.peer.address'],
  ['net.peer.port', 'network.peer.port'],
  ['net.transport', undefined],
]);

/** The attributes of a server span under the stable names of the semantic conventions, whichever it used. */
export function requestAttributes(span: HttpSpan, request: ServerRequest): Readonly<Record<string, unknown>> {
  const { method, path, query, route, status } = request;
  const attributes: Record<string, unknown> = {
    'http.request.method': method,
    'url.path': path,
    ...(query !== '' && { 'url.query': query }),
    ...(route !== undefined && { 'http.route': route }),
    ...(status !== undefined && { 'http.response.status_code': status }),
  };
  for (const [name, value] of Object.entries(span.attributes)) {
    const key = RENAMED.has(name) ? RENAMED.get(name) : name;
    if (key !== undefined && value !== undefined) attributes[key] ??= value;
  }
  return attributes;
}
