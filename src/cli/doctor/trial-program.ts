/** Says which record is which; a line of the child's output begins with it. */
export const TRIAL_MARK = 'logferry doctor trial';

/**
 * A tiny application: one record through each of the Logs API globals, and one through each logger that is there. It
 * runs in the application's folder, so it has the application's packages. Prints which of them it could load.
 */
export const TRIAL_PROGRAM = `
const load = async (name) => { try { return await import(name); } catch { return undefined; } };
const body = (way) => '${TRIAL_MARK} ' + way;
const tried = [];
const attempt = async (way, emit) => {
  try { if (await emit()) tried.push(way); } catch { tried.push(way); }
};
const emitWith = (api) => {
  const logs = api?.logs ?? api?.default?.logs;
  if (logs === undefined) return false;
  return (way) => (logs.getLogger('logferry.doctor').emit({ body: body(way), severityNumber: 9, severityText: 'INFO' }), true);
};
const way = async (name, module) => {
  const emit = emitWith(await load(module));
  if (emit) await attempt(name, () => emit(name));
};
await way('api', '@opentelemetry/api');
await way('api-logs', '@opentelemetry/api-logs');
const quiet = { write() {} };
await attempt('pino', async () => {
  const pino = (await load('pino'))?.default;
  return pino && (pino(quiet).info(body('pino')), true);
});
await attempt('winston', async () => {
  const winston = (await load('winston'))?.default;
  if (!winston) return false;
  const { PassThrough } = await import('node:stream');
  const transport = new winston.transports.Stream({ stream: new PassThrough().resume() });
  winston.createLogger({ level: 'info', transports: [transport] }).info(body('winston'));
  return true;
});
await attempt('bunyan', async () => {
  const bunyan = (await load('bunyan'))?.default;
  return bunyan && (bunyan.createLogger({ name: 'doctor', streams: [{ stream: quiet }] }).info(body('bunyan')), true);
});
process.stdout.write('${TRIAL_MARK} ' + JSON.stringify(tried) + '\\n');
`;
