const { createLogger, format, transports } = require('winston');

function logger(app) {
  return createLogger({
    level: process.env.LOG_LEVEL ?? 'debug',
    format: format.combine(format.timestamp(), format.splat(), format.errors({ stack: true }), format.json()),
    defaultMeta: { app },
    transports: [new transports.Console()],
  });
}

exports.logger = logger('inventory');
exports.prices = logger('prices');
