// An SDK with module hooks of its own, for everything, from a copy that nobody else uses.
import { register } from 'node:module';
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';

register('./copies/import-in-the-middle/hook.mjs', import.meta.url);
trace.setGlobalTracerProvider(new TracerProvider());
