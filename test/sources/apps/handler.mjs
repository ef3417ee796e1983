// A handler that is frozen as soon as it has answered, and never gets to its end.
import { flush, levels, setLevel, stats } from 'logferry';
import pino from 'pino';

const logger = pino();
const handler = async () => {
  logger.info('one');
  setLevel('logtide', 'error');
  logger.info('two');
  setLevel('logtide', undefined);
  logger.info('three');
  return flush({ timeoutMillis: 5_000 });
};
const { complete, destinations } = await handler();
const { accepted, delivered } = stats()[0] ?? {};
const level = levels().find(({ target }) => target === 'logtide')?.level;
process.stdout.write(
  `\nanswer: ${JSON.stringify({ complete, destinations: destinations.length, accepted, delivered, level })}\n`,
);
process.kill(process.pid, 'SIGKILL');
