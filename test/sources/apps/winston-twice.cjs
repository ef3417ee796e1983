// A logger that has OpenTelemetry's transport already, as one that was set up by hand.
const winston = require('winston');
const { OpenTelemetryTransportV3 } = require('@opentelemetry/winston-transport');

const logger = winston.createLogger({ transports: [new OpenTelemetryTransportV3()] });
logger.info('once');
logger.child({ part: 'child' }).info('once more');
