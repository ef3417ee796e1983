const bunyan = require('bunyan');
const { serve } = require('./serve.cjs');

const logger = bunyan.createLogger({ name: 'matrix' });
serve((message) => logger.warn({ answer: 42 }, message));
