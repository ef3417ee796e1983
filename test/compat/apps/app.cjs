const api = require('@opentelemetry/api');
const apiLogs = require('@opentelemetry/api-logs');

api.logs?.getLogger('shop').emit({ body: 'through api', severityNumber: 9, severityText: 'INFO' });
apiLogs.logs.getLogger('shop').emit({ body: 'through api-logs', severityNumber: 9, severityText: 'INFO' });
