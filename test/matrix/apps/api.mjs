// The Logs API: part of api 1.10, a package of its own beside 1.9.
import * as api from '@opentelemetry/api';
import * as apiLogs from '@opentelemetry/api-logs';
import { serve } from './serve.mjs';

const logger = (api.logs ?? apiLogs.logs).getLogger('matrix');
serve((body) => logger.emit({ body, severityNumber: 13, severityText: 'WARN', attributes: { answer: 42 } }));
