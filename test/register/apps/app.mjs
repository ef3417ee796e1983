import { logs } from '@opentelemetry/api-logs';

logs.getLogger('shop').emit({ body: 'from an ES module', severityNumber: 9, severityText: 'INFO' });
