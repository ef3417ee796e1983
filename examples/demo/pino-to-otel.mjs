import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import pino from 'pino';

/** pino's levels are tens, OpenTelemetry's ranges are fours. */
const SEVERITIES = {
  10: SeverityNumber.TRACE,
  20: SeverityNumber.DEBUG,
  30: SeverityNumber.INFO,
  40: SeverityNumber.WARN,
  50: SeverityNumber.ERROR,
  60: SeverityNumber.FATAL,
};

/** The stacks of an error and its causes as one text, the way pino itself joins them. */
function stackWithCauses({ stack, cause }) {
  return cause?.stack ? `${stack}\ncaused by: ${stackWithCauses(cause)}` : stack;
}

/**
 * A pino destination that hands every line to the Logs API. It writes within `log.info()`, so the record belongs to the
 * span that is active there. For errors give pino the serializer `pino.stdSerializers.errWithCause`: the default one
 * joins the messages of all causes into one, by which an error can no longer be told from the same one on a span.
 */
export function pinoToOtel() {
  return {
    write(line) {
      const { level, time, msg, name, pid, hostname, err, ...attributes } = JSON.parse(line);
      logs.getLogger(name ?? 'pino').emit({
        timestamp: time,
        severityNumber: SEVERITIES[level],
        severityText: pino.levels.labels[level]?.toUpperCase(),
        body: msg,
        attributes: {
          ...attributes,
          ...(err && {
            'exception.type': err.type,
            'exception.message': err.message,
            'exception.stacktrace': stackWithCauses(err),
          }),
        },
      });
    },
  };
}
