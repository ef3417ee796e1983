import pino from 'pino';
import { serve } from './serve.mjs';

const logger = pino();
serve((message) => logger.warn({ answer: 42 }, message));
