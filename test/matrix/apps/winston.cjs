const winston = require('winston');
const { serve } = require('./serve.cjs');

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
serve((message) => logger.warn(message, { answer: 42 }));
