import type { Config } from '../config/config.ts';
import type { RequestLogOptions } from '../instrument/http/request-logs.ts';
import { statusTest } from '../instrument/http/statuses.ts';
import type { LogContextProcessorOptions } from '../instrument/log-context-processor.ts';
import type { SlowSpanRule } from '../instrument/slow-rules.ts';
import type { GeneralValues } from './general-variables.ts';
import type { Reader } from './reader.ts';

/** What `register` adds to records and makes records of. */
export interface Features {
  readonly context: LogContextProcessorOptions;
  readonly captureUncaught: boolean;
  readonly slow: string | readonly SlowSpanRule[] | undefined;
  readonly http: Omit<RequestLogOptions, 'targets'> | undefined;
}

function contextOf(general: GeneralValues, config: Config): LogContextProcessorOptions {
  const { autoTraceId, baggageKeys, callSite, callSiteLevel, callSiteSkipFrames, callSiteStripPrefix } = general;
  const site = {
    ...(callSiteLevel !== undefined && { level: callSiteLevel }),
    ...(callSiteSkipFrames !== undefined && { skipFrames: callSiteSkipFrames }),
    ...(callSiteStripPrefix !== undefined && { stripPrefix: callSiteStripPrefix }),
  };
  return {
    ...(autoTraceId !== undefined && { autoTraceId }),
    ...(baggageKeys !== undefined && { baggageKeys }),
    ...(callSite && { callSite: site }),
    ...config.context,
  };
}

/** Statuses that can be read; the others are reported. */
function statusesOf(list: readonly string[] | undefined, reader: Reader): readonly string[] | undefined {
  if (list === undefined) return undefined;
  try {
    statusTest('statuses', list);
    return list;
  } catch {
    reader.report('LF004', 'LOGFERRY_HTTP_STATUSES', 'has a value that cannot be read', 'use 500, 4xx or 400-499');
    return undefined;
  }
}

function httpOf(general: GeneralValues, config: Config, reader: Reader): Features['http'] {
  const { httpLog, httpSlowMillis: slowMillis, httpSkipPaths: skipPaths } = general;
  const statuses = statusesOf(general.httpStatuses, reader);
  const given = {
    ...(statuses !== undefined && { statuses }),
    ...(slowMillis !== undefined && { slowMillis }),
    ...(skipPaths !== undefined && { skipPaths }),
  };
  const isOn = httpLog === undefined ? Object.keys(given).length > 0 : httpLog !== 'off';
  if (config.http === undefined && !isOn) return undefined;
  return { ...given, ...(httpLog !== undefined && httpLog !== 'off' && { log: httpLog }), ...config.http };
}

/** What variables and code ask for; code wins, option by option. */
export function featuresOf(general: GeneralValues, config: Config, reader: Reader): Features {
  return {
    context: contextOf(general, config),
    captureUncaught: config.captureUncaught ?? general.captureUncaught ?? true,
    slow: config.slow ?? general.slow,
    http: httpOf(general, config, reader),
  };
}
