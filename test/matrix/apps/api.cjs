// The Logs API: part of api 1.10, a package of its own beside 1.9.
const api = require('@opentelemetry/api');
const apiLogs = require('@opentelemetry/api-logs');
const { serve } = require('./serve.cjs');

const logger = (api.logs ?? apiLogs.logs).getLogger('matrix');
serve((body) => logger.emit({ body, severityNumber: 13, severityText: 'WARN', attributes: { answer: 42 } }));
