const { logs } = require('@opentelemetry/api-logs');

logs.getLogger('shop').emit({ body: 'from CommonJS', severityNumber: 9, severityText: 'INFO' });
