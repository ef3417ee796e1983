// pino's instrumentation is on api 1.10, winston's transport still on api-logs.
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');

const instrumentation = new PinoInstrumentation();
instrumentation.enable();
const pino = require('pino');
const winston = require('winston');
const { OpenTelemetryTransportV3 } = require('@opentelemetry/winston-transport');

const nowhere = new (require('node:stream').Writable)({ write: (_chunk, _encoding, done) => done() });
pino({}, nowhere).info('from pino');
winston.createLogger({ transports: [new OpenTelemetryTransportV3()] }).info('from winston');
