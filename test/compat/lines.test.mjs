// That this run is of the line it says; without it, everything else could pass on the wrong packages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import * as api from '@opentelemetry/api';

const LINE = process.env.COMPAT_NAME;

const version = (name) =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'node_modules', name, 'package.json'), 'utf8')).version;

test(`line ${LINE}: versions`, () => {
  const expected = {
    A: { api: /^1\.9\./, sdk: /^0\.2\d\d\./, core: /^2\./, node: /^(?:20|22|24|26)\./, logs: false },
    floor: { api: /^1\.9\.0$/, sdk: /^0\.220\.0$/, core: /^2\.9\.0$/, node: /^(?:20|22|24|26)\./, logs: false },
    B: { api: /^1\.10\./, sdk: /^3\./, core: /^3\./, node: /^(?:24|26)\./, logs: true },
  }[LINE];
  assert.match(version('@opentelemetry/api'), expected.api);
  assert.match(version('@opentelemetry/sdk-logs'), expected.sdk);
  assert.match(version('@opentelemetry/core'), expected.core);
  assert.match(process.versions.node, expected.node);
  assert.equal(api.logs !== undefined, expected.logs);
});

test('the package resolves the same api as the application', () => {
  const ours = createRequire(import.meta.resolve('logferry'));
  const theirs = createRequire(import.meta.url);
  for (const name of ['@opentelemetry/api', '@opentelemetry/core', '@opentelemetry/sdk-logs']) {
    assert.equal(ours.resolve(name), theirs.resolve(name));
  }
});
