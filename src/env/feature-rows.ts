import type { GeneralRow } from './general-row.ts';

/** What `register` adds to records and makes records of, by option. */
export const FEATURE_ROWS = {
  autoTraceId: {
    name: 'LOGFERRY_AUTO_TRACE_ID',
    topic: 'What is added',
    kind: 'boolean',
    fallback: 'false',
    description: 'a trace id for every record outside any trace',
  },
  baggageKeys: {
    name: 'LOGFERRY_BAGGAGE_KEYS',
    topic: 'What is added',
    kind: 'texts',
    usual: 'none',
    description: 'Baggage entries that become attributes, by comma',
  },
  callSite: {
    name: 'LOGFERRY_CODE',
    topic: 'What is added',
    kind: 'boolean',
    fallback: 'false',
    description: 'add file, line and function that emitted each record; about 15 µs each',
  },
  callSiteLevel: {
    name: 'LOGFERRY_CODE_LEVEL',
    topic: 'What is added',
    kind: 'level',
    usual: 'all',
    description: '… only to records of at least this level',
  },
  callSiteSkipFrames: {
    name: 'LOGFERRY_CODE_SKIP_FRAMES',
    topic: 'What is added',
    kind: 'count',
    usual: '0',
    description: '… passing over so many wrappers of your own',
  },
  callSiteStripPrefix: {
    name: 'LOGFERRY_CODE_STRIP_PREFIX',
    topic: 'What is added',
    kind: 'text',
    description: '… with file names cut up to and including this text',
  },
  captureUncaught: {
    name: 'LOGFERRY_CAPTURE_UNCAUGHT',
    topic: 'What is added',
    kind: 'boolean',
    fallback: 'true',
    description: 'a FATAL record of what nobody catches; the process ends as it would without',
  },
  slow: {
    name: 'LOGFERRY_SLOW',
    topic: 'What is added',
    kind: 'slow',
    usual: 'none',
    description: 'spans that are logged when they are slow or fail: `http.server>1s,http.client>1s,db>100ms`',
  },
  httpLog: {
    name: 'LOGFERRY_HTTP_LOG',
    topic: 'What is added',
    kind: 'word',
    words: ['off', 'errors', 'responses', 'all'],
    usual: '`off`, or `responses` when one of the next three is set',
    description: 'log HTTP requests from their spans: those that failed, all when they end, or also when they begin',
  },
  httpStatuses: {
    name: 'LOGFERRY_HTTP_STATUSES',
    topic: 'What is added',
    kind: 'texts',
    usual: 'all',
    description: '… only these statuses, `500,4xx,300-399`; slow requests all the same',
  },
  httpSlowMillis: {
    name: 'LOGFERRY_HTTP_SLOW',
    topic: 'What is added',
    kind: 'duration',
    usual: 'never',
    description: '… as warnings, marked as slow, from this duration on',
  },
  httpSkipPaths: {
    name: 'LOGFERRY_HTTP_SKIP',
    topic: 'What is added',
    kind: 'texts',
    usual: 'none',
    description: '… but not these paths, `/metrics,/healthz*`',
  },
} as const satisfies Readonly<Record<string, GeneralRow>>;
