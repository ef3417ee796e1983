import pino from 'pino';

pino().info('hello');
