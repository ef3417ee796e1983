import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '@opentelemetry/api';
import { context as otelContext, trace } from '@opentelemetry/api';
import { systemClock } from '../../clock.ts';
import { emitSafely } from '../application-logger.ts';
import { severityOf } from '../level.ts';
import { thrownAttributes } from '../thrown.ts';
import { BodyTap } from './body-tap.ts';
import type { CaptureSettings } from './capture-options.ts';
import { attachExtras, type RequestExtras } from './request-extras.ts';
import { requestLine } from './request-line.ts';
import { tapHead, tapRequest, tapResponse } from './taps.ts';

const CAPTURE = Symbol.for('logferry.request-capture.1');
const MAX_METHOD = 32;

type Own = Record<symbol, RequestCapture | undefined>;

function pathOf(request: IncomingMessage): readonly [path: string, query: string] {
  // Express and Connect cut their mount point off `url`.
  const { originalUrl, url } = request as IncomingMessage & { originalUrl?: unknown };
  const whole = typeof originalUrl === 'string' ? originalUrl : (url ?? '/');
  const mark = whole.indexOf('?');
  return mark === -1 ? [whole, ''] : [whole.slice(0, mark), whole.slice(mark + 1)];
}

function headersOf(kind: 'request' | 'response', headers: object, keeps: (name: string) => boolean) {
  return Object.entries(headers).flatMap(([name, value]: [string, unknown]) => {
    if (!keeps(name.toLowerCase()) || value === undefined) return [];
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    return [[`http.${kind}.header.${name.toLowerCase()}`, values] as const];
  });
}

/** One request and its answer, looked at from aside. Nothing in here throws into the application. */
export class RequestCapture implements RequestExtras {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: Context = otelContext.active();
  readonly #begun = systemClock.now();
  #settings: CaptureSettings;
  #requestTap: BodyTap | undefined;
  #responseTap: BodyTap | undefined;
  #tags: readonly string[] = [];
  #thrown: { readonly value: unknown } | undefined;
  #route: string | undefined;
  #taken = false;
  #head: Readonly<Record<string, unknown>> = {};

  private constructor(request: IncomingMessage, response: ServerResponse, settings: CaptureSettings) {
    this.#request = request;
    this.#response = response;
    this.#settings = settings;
    this.#apply(settings);
    tapHead(response, (headers) => {
      this.#head = headers;
    });
    const span = trace.getSpan(this.#context);
    if (span !== undefined) attachExtras(span, this);
    // `close` comes once, whatever became of the request; the span's own listener was there before.
    response.once('close', () => this.#closed());
  }

  /** Begins to look at a request, or refines what is looked at for one that is known; undefined for skipped paths. */
  static of(request: IncomingMessage, response: ServerResponse, settings: CaptureSettings): RequestCapture | undefined {
    try {
      const known = (request as unknown as Own)[CAPTURE];
      if (known !== undefined) {
        known.#refine(settings);
        return known;
      }
      if (settings.skips(pathOf(request)[0])) return undefined;
      const capture = new RequestCapture(request, response, settings);
      Object.defineProperty(request, CAPTURE, { value: capture });
      return capture;
    } catch {
      return undefined;
    }
  }

  get tracked(): CaptureSettings['tracked'] {
    return this.#settings.tracked;
  }

  get slowMillis(): number | undefined {
    return this.#settings.slowMillis;
  }

  taken(): void {
    this.#taken = true;
  }

  /** What a handler threw; the caller throws it on. */
  failed(thrown: unknown): void {
    this.#thrown ??= { value: thrown };
  }

  /** The template that matched, where the framework tells. */
  matched(route: unknown): void {
    if (typeof route === 'string' && route !== '') this.#route = route;
  }

  attributes(): Readonly<Record<string, unknown>> {
    const { header } = this.#settings;
    const request = this.#request;
    const answered: Readonly<Record<string, unknown>> = { ...this.#response.getHeaders(), ...this.#head };
    const requestBody = this.#requestTap?.value(request.headers['content-type'], request.headers['content-encoding']);
    const responseBody = this.#responseTap?.value(answered['content-type'], answered['content-encoding']);
    return {
      ...Object.fromEntries(headersOf('request', request.headers, header)),
      ...Object.fromEntries(headersOf('response', answered, header)),
      ...(requestBody !== undefined && { 'http.request.body.content': requestBody }),
      ...(responseBody !== undefined && { 'http.response.body.content': responseBody }),
      ...(this.#tags.length > 0 && { tags: this.#tags }),
      ...(this.#route !== undefined && { 'http.route': this.#route }),
      ...this.#user(),
      ...(this.#thrown && thrownAttributes(this.#thrown.value).attributes),
    };
  }

  #user(): Readonly<Record<string, unknown>> | undefined {
    try {
      const user: unknown = this.#settings.user?.(this.#request);
      return typeof user === 'object' && user !== null ? { ...user } : undefined;
    } catch {
      return undefined;
    }
  }

  /** An endpoint says more than what was set up for all: it wins, its tags and headers are added. */
  #refine(settings: CaptureSettings): void {
    const { tracked, slowMillis, user, logger, header } = this.#settings;
    this.#settings = {
      ...settings,
      header: (name) => settings.header(name) || header(name),
      tracked: settings.tracked ?? tracked,
      slowMillis: settings.slowMillis ?? slowMillis,
      user: settings.user ?? user,
      logger: settings.logger ?? logger,
    };
    this.#apply(settings);
  }

  #apply({ requestBody, responseBody, limits, tags }: CaptureSettings): void {
    this.#tags = [...new Set([...this.#tags, ...tags])];
    if (requestBody && this.#requestTap === undefined) {
      this.#requestTap = new BodyTap(limits);
      tapRequest(this.#request, this.#requestTap);
    }
    if (responseBody && this.#responseTap === undefined) {
      this.#responseTap = new BodyTap(limits);
      tapResponse(this.#response, this.#responseTap);
    }
  }

  #closed(): void {
    if (this.#taken) return;
    try {
      this.#log();
    } catch {
      // Whatever it is, the application's request has ended long before.
    }
  }

  /** The record of a request that has no span, or whose span nobody logs. */
  #log(): void {
    const { tracked, slowMillis = Number.POSITIVE_INFINITY, logger } = this.#settings;
    const [path, query] = pathOf(this.#request);
    const method = (this.#request.method ?? 'GET').slice(0, MAX_METHOD);
    const status = this.#response.headersSent ? this.#response.statusCode : undefined;
    const aborted = !this.#response.writableFinished;
    const durationMillis = systemClock.now() - this.#begun;
    const end = { method, path, status: aborted ? undefined : status, durationMillis, slowMillis };
    const line = requestLine({ ...end, failed: this.#thrown !== undefined });
    if (!line.slow && tracked !== undefined && (status === undefined || !tracked(status))) return;
    emitSafely(logger, {
      ...severityOf('level', line.level),
      body: line.text,
      context: this.#context,
      attributes: {
        ...{ 'http.request.method': method, 'url.path': path, duration_ms: durationMillis },
        ...(query !== '' && { 'url.query': query }),
        ...(status !== undefined && { 'http.response.status_code': status }),
        ...(this.#request.socket?.remoteAddress && { 'client.address': this.#request.socket.remoteAddress }),
        ...(line.slow && { slow: true }),
        ...this.attributes(),
      },
    });
  }
}
