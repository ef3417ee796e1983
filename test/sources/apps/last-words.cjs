// Every logger says something, and in the same turn the process comes to its END.
const bunyan = require('bunyan');
const pino = require('pino');
const winston = require('winston');

const loggers = {
  pino: pino(),
  winston: winston.createLogger({ transports: [new winston.transports.Console()] }),
  bunyan: bunyan.createLogger({ name: 'shop' }),
};
const ENDS = {
  'natural end': () => {
    process.exitCode = 3;
  },
  'process.exit()': () => process.exit(4),
  'uncaught exception': () => {
    throw new TypeError('boom');
  },
  'unhandled rejection': () => void Promise.reject(new TypeError('boom')),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  SIGINT: () => process.kill(process.pid, 'SIGINT'),
};

setTimeout(() => {
  for (const [name, logger] of Object.entries(loggers)) logger.warn(`last words of ${name}`);
  console.warn('last words of console');
  ENDS[process.env.END]();
  // A signal takes a moment; nothing else may end the process meanwhile.
  if (process.env.END.startsWith('SIG')) setInterval(() => {}, 1000);
}, 10);
