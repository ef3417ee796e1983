const pino = require('pino');
const { serve } = require('./serve.cjs');

const logger = pino();
serve((message) => logger.warn({ answer: 42 }, message));
