import { setTimeout as pause } from 'node:timers/promises';

const TEMPLATES = { welcome: 'Welcome, {{name}}!', invoice: 'Your invoice is ready.' };

class MailboxFull extends Error {
  name = 'MailboxFull';
}

const notification = {
  type: 'object',
  required: ['to', 'template'],
  properties: { to: { type: 'string', minLength: 3 }, template: { type: 'string' }, urgent: { type: 'boolean' } },
};

/** As long as a mail server would take. */
async function deliver(to, text) {
  await pause(1 + Math.random() * 4);
  if (to.startsWith('full@')) throw new MailboxFull(`the mailbox of ${to} is full`);
  if (to.startsWith('bug@')) return text.missing.length;
  return text.length;
}

async function templateText(request, name) {
  const url = process.env.TEMPLATES_URL ?? `http://127.0.0.1:${request.server.server.address().port}`;
  const response = await fetch(`${url}/templates/${name}`, { headers: { 'x-request-id': request.id } });
  return response.ok ? response.text() : undefined;
}

export async function routes(app) {
  app.get('/templates/:name', async (request, reply) => {
    const { name } = request.params;
    if (!(name in TEMPLATES)) return reply.callNotFound();
    request.log.debug({ template: name }, 'template read');
    return TEMPLATES[name];
  });

  app.post('/notifications', { schema: { body: notification } }, async (request, reply) => {
    const { to, template, urgent = false } = request.body;
    const log = request.log.child({ to, delivery: { template, urgent } });
    const text = await templateText(request, template);
    if (text === undefined) {
      log.warn('there is no template %s', template);
      return reply.code(404).send({ error: 'no such template' });
    }
    try {
      const characters = await deliver(to, text);
      log.info({ characters, channels: urgent ? ['mail', 'sms'] : ['mail'] }, 'notification sent');
      return reply.code(202).send({ characters });
    } catch (err) {
      if (!(err instanceof MailboxFull)) throw err;
      log.error({ err, retry: true }, 'notification not sent');
      return reply.code(503).send({ error: err.message });
    }
  });
}
