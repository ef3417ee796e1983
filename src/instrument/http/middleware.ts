import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CaptureOptions, CaptureSettings } from './capture-options.ts';
import { captureSettings } from './capture-options.ts';
import { RequestCapture } from './request-capture.ts';

export type { CaptureOptions } from './capture-options.ts';

type Next = (error?: unknown) => void;

/** Middleware of Express and Connect. */
export type ConnectMiddleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** Error-handling middleware of Express and Connect, which tell it by its four parameters. */
export type ConnectErrorMiddleware = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
) => void;

/** What is used of Fastify. */
interface FastifyLike {
  addHook(name: string, hook: (...args: never[]) => void): unknown;
}

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly routeOptions?: { readonly url?: string; readonly config?: { readonly logferry?: CaptureOptions } };
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
}

/** What is used of Koa's context. */
interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly _matchedRoute?: unknown;
}

/** What is used of Hono's context on `@hono/node-server`. */
interface HonoContextLike {
  readonly env?: unknown;
  readonly req: { readonly routePath?: string };
  readonly error?: unknown;
}

function routeOf(request: IncomingMessage): unknown {
  const { baseUrl = '', route } = request as { baseUrl?: string; route?: { path?: unknown } };
  return typeof route?.path === 'string' ? `${baseUrl}${route.path}` : undefined;
}

/**
 * Logs what passes this middleware of Express or Connect: one record a request, with bodies, headers and user where
 * asked for. With `register` and HTTP spans the span's own record is enriched instead. Put it first, before parsers.
 * Responses are neither changed nor delayed. Throws a `TypeError` or `RangeError` for bad options.
 */
export function logRequests(options?: CaptureOptions): ConnectMiddleware {
  const settings = captureSettings(options);
  return (request, response, next) => {
    const capture = RequestCapture.of(request, response, settings);
    // Express knows the route only once it has matched.
    if (capture !== undefined) response.once('finish', () => capture.matched(routeOf(request)));
    next();
  };
}

/** The same for single endpoints, where it says more than what was set up for all: `app.get('/a', trackEndpoint({…}), …)`. */
export function trackEndpoint(options: CaptureOptions): ConnectMiddleware {
  return logRequests(options);
}

/** Error-handling middleware that notes what was thrown and passes it on untouched; put it before your own. */
export function logRequestErrors(): ConnectErrorMiddleware {
  const settings = captureSettings();
  return (error, request, response, next) => {
    RequestCapture.of(request, response, settings)?.failed(error);
    next(error);
  };
}

/** A handler of `node:http` that logs its requests: `createServer(loggedHandler(handler, { requestBody: true }))`. */
export function loggedHandler<Request extends IncomingMessage, Response extends ServerResponse, Result>(
  handler: (request: Request, response: Response) => Result,
  options?: CaptureOptions,
): (request: Request, response: Response) => Result {
  const settings = captureSettings(options);
  return function (this: unknown, request, response) {
    const capture = RequestCapture.of(request, response, settings);
    try {
      const result = Reflect.apply(handler, this, [request, response]) as Result;
      // Looked at from aside: the promise that the caller gets is the handler's own.
      if (result instanceof Promise) result.then(undefined, (error: unknown) => capture?.failed(error));
      return result;
    } catch (error) {
      capture?.failed(error);
      throw error;
    }
  };
}

interface FastifyRouteLike {
  readonly config?: { readonly logferry?: CaptureOptions };
}

/** What Fastify itself reads of a plugin's options. */
interface FastifyPluginOptions {
  readonly prefix?: string;
  readonly logLevel?: string;
  readonly logSerializers?: object;
}

/**
 * A Fastify plugin, for all routes that are registered after it; `config: { logferry: {…} }` of a route says more for
 * that one. Errors go their way. Bad options throw when they are registered.
 */
export function fastifyRequestLogs(
  fastify: FastifyLike,
  { prefix: _, logLevel: __, logSerializers: ___, ...options }: CaptureOptions & FastifyPluginOptions,
  done: () => void,
): void {
  const settings = captureSettings(options);
  const endpoints = new WeakMap<object, CaptureSettings>();
  fastify.addHook('onRoute', ({ config }: FastifyRouteLike) => {
    if (config?.logferry !== undefined) endpoints.set(config.logferry, captureSettings(config.logferry));
  });
  fastify.addHook('onRequest', ({ raw, routeOptions }: FastifyRequestLike, reply: FastifyReplyLike, next: Next) => {
    const capture = RequestCapture.of(raw, reply.raw, settings);
    capture?.matched(routeOptions?.url);
    const own = routeOptions?.config?.logferry;
    const endpoint = own === undefined ? undefined : endpoints.get(own);
    if (endpoint !== undefined) RequestCapture.of(raw, reply.raw, endpoint);
    next();
  });
  fastify.addHook('onError', ({ raw }: FastifyRequestLike, reply: FastifyReplyLike, error: unknown, next: Next) => {
    RequestCapture.of(raw, reply.raw, settings)?.failed(error);
    next();
  });
  done();
}
/** Fastify's mark for plugins whose hooks hold outside of them too. */
Object.assign(fastifyRequestLogs, { [Symbol.for('skip-override')]: true });

/** Koa middleware; put it first. What is thrown goes on to Koa. */
export function koaRequestLogs(options?: CaptureOptions) {
  const settings = captureSettings(options);
  return async (context: KoaContextLike, next: () => Promise<unknown>): Promise<void> => {
    const capture = RequestCapture.of(context.req, context.res, settings);
    try {
      await next();
    } catch (error) {
      capture?.failed(error);
      throw error;
    } finally {
      capture?.matched(context._matchedRoute);
    }
  };
}

/** Hono middleware for `@hono/node-server`; does nothing elsewhere. What is thrown goes on to Hono. */
export function honoRequestLogs(options?: CaptureOptions) {
  const settings = captureSettings(options);
  return async (context: HonoContextLike, next: () => Promise<void>): Promise<void> => {
    const { incoming, outgoing } = (context.env ?? {}) as { incoming?: IncomingMessage; outgoing?: ServerResponse };
    const capture = incoming && outgoing && RequestCapture.of(incoming, outgoing, settings);
    await next();
    // Hono has caught what was thrown by then, and keeps it here.
    if (context.error !== undefined && context.error !== null) capture?.failed(context.error);
    capture?.matched(context.req.routePath);
  };
}
