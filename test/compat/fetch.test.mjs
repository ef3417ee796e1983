import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startSink } from 'logferry/sink';
import { runApp } from './support.mjs';

test("the application's fetch stays Node's own", async (t) => {
  const sink = await startSink();
  const agents = [];
  const server = createServer((request, response) => {
    agents.push(request.headers['user-agent']);
    response.end('answered');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => Promise.all([sink.close(), new Promise((resolve) => server.close(resolve))]));
  const url = `http://127.0.0.1:${server.address().port}/`;

  for (const first of ['fetch', 'logs']) {
    const { code, stdout, stderr } = await runApp([], 'fetch.mjs', { ...sink.env(), FIRST: first, URL_OF_SERVER: url });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const { answers, same, foreign, delivered } = JSON.parse(stdout);
    assert.deepEqual(answers, ['answered', 'answered'], first);
    assert.equal(same, true, 'the global dispatcher was replaced');
    assert.equal(foreign, false, "the global dispatcher is logferry's undici");
    assert.equal(delivered, 1);
  }
  assert.deepEqual(new Set(agents), new Set(['node']));
});
