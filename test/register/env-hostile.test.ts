import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/env/environment.ts';
import { VARIABLES } from '../../src/env/table.ts';
import { read } from './read-env.ts';

describe('whatever the environment holds', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('true', '0', '__proto__', 'constructor', 'https://', 'http://[', 'https://a@b:99999', '%', ','),
    fc.webUrl(),
  );
  // Any text is the name of a directory, which would be made, or of a module, which would be run.
  const harmless = VARIABLES.filter(({ option }) => option !== 'spool.directory' && option !== 'config');
  const names = [...harmless.flatMap(({ name }) => [name, `${name}_FILE`]), 'LOGFERRY_', 'LOGFERRY___PROTO__'];

  it('it is read without an exception, and problems stay on one destination', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (env) => {
        const { names: on, problems } = read(env);
        expect(new Set(on).size).toBe(on.length);
        for (const { code, where, what, fix } of problems) {
          expect(code).toMatch(/^LF(?:00[1-6]|01[67])$/);
          for (const part of [where, what, fix]) expect(part).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no message holds a secret, wherever it was put', () => {
    const SECRET = 'sk-hidden-7f3a';
    const shapes = fc.constantFrom(
      SECRET,
      `${SECRET}:x`,
      `https://${SECRET}@host`,
      `https://lp_${SECRET}:pw@host.example.com/?key=${SECRET}`,
      `https://host.example.com/${SECRET}#${SECRET}`,
      `ftp://${SECRET}@host.example.com`,
      `bad ${SECRET}`,
      `${SECRET}\u0000`,
      `schlüssel-${SECRET}`,
    );
    const planted = harmless
      .filter(({ kind, option }) => kind !== 'list' && option !== 'http.allowInsecure')
      .flatMap(({ kind, name }) => (kind === 'secret' ? [name, `${name}_FILE`] : [name]));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...planted), shapes), fc.boolean(), (env, fromFile) => {
        const environment = readEnvironment({
          env,
          readFile: (path) => {
            if (fromFile) return `key ${SECRET}`;
            throw new Error(`ENOENT: no such file, open '${path}'`);
          },
          delivery: {},
        });
        const said = JSON.stringify([environment.problems, environment.destinations.map(({ origin }) => origin)]);
        expect(said).not.toContain(SECRET);
      }),
      { numRuns: 1_000 },
    );
  });
});
