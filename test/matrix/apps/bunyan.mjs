import bunyan from 'bunyan';
import { serve } from './serve.mjs';

const logger = bunyan.createLogger({ name: 'matrix' });
serve((message) => logger.warn({ answer: 42 }, message));
