import winston from 'winston';
import { serve } from './serve.mjs';

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
serve((message) => logger.warn(message, { answer: 42 }));
