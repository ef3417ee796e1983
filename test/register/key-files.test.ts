import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Destination } from '../../src/destination.ts';
import { readEnvironment } from '../../src/env/environment.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { secretFile } from '../../src/secret-file.ts';
import { record, rig, serve, until } from '../support/delivery-rig.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { Answer, Seen, TestServer } from '../support/http-server.ts';

const HOUR = 3_600_000;
const OLD = `lp_${'0'.repeat(64)}`;
const NEW = `lp_${'1'.repeat(64)}`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'logferry-keys-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** As LogTide answers. */
function stored({ ids }: Seen): Answer {
  return { status: 200, body: JSON.stringify({ received: ids.length }) };
}

describe('secretFile', () => {
  interface Scene {
    readonly path: string;
    readonly clock: FakeClock;
    readonly read: () => string;
    /** What is read a second later. */
    later(): Promise<string>;
  }

  function scene(): Scene {
    const path = join(folder(), 'key');
    writeFileSync(path, 'first\n');
    const clock = new FakeClock();
    const read = secretFile(path, 'initial', clock);
    return {
      path,
      clock,
      read,
      async later() {
        await clock.advance(1_000);
        return read();
      },
    };
  }

  it('follows the file, trimmed, looking at most once a second', async () => {
    const { path, clock, read, later } = scene();
    expect(read()).toBe('first');
    writeFileSync(path, ' second \r\n');
    await clock.advance(999);
    expect(read()).toBe('first');
    await clock.advance(1);
    expect(read()).toBe('second');
    writeFileSync(path, 'third');
    expect(read()).toBe('second');
    expect(await later()).toBe('third');
  });

  it('sees a file of the same size that took its place', async () => {
    const { path, read, later } = scene();
    expect(read()).toBe('first');
    writeFileSync(`${path}.new`, 'other\n');
    renameSync(`${path}.new`, path);
    expect(await later()).toBe('other');
  });

  it('sees a link that points elsewhere, as Kubernetes rotates secrets', async () => {
    const { path, clock } = scene();
    const [target, other, link] = [`${path}-1`, `${path}-2`, `${path}-link`];
    writeFileSync(target, 'one');
    writeFileSync(other, 'two');
    symlinkSync(target, link);
    const read = secretFile(link, 'initial', clock);
    expect(read()).toBe('one');
    symlinkSync(other, `${link}-new`);
    renameSync(`${link}-new`, link);
    await clock.advance(1_000);
    expect(read()).toBe('two');
  });

  it('keeps the last good value while the file is missing, empty or no file, and goes on afterwards', async () => {
    const { path, read, later } = scene();
    expect(read()).toBe('first');
    unlinkSync(path);
    expect(await later()).toBe('first');
    writeFileSync(path, '');
    expect(await later()).toBe('first');
    writeFileSync(path, ' \n');
    expect(await later()).toBe('first');
    writeFileSync(path, 'second');
    expect(await later()).toBe('second');
    unlinkSync(path);
    symlinkSync(folder(), path);
    expect(await later()).toBe('second');
    unlinkSync(path);
    writeFileSync(path, 'third');
    expect(await later()).toBe('third');
  });

  it('has a first value before there is any file', async () => {
    const clock = new FakeClock();
    const path = join(folder(), 'key');
    const read = secretFile(path, 'initial', clock);
    expect(read()).toBe('initial');
    writeFileSync(path, 'first');
    await clock.advance(1_000);
    expect(read()).toBe('first');
  });
});

describe('a key that is rotated (fault matrix rows 18, 19)', () => {
  it.each([
    ['row 18', 401],
    ['row 18', 403],
    ['row 19', 404],
  ])('%s: after an hour of %d the file changes, and everything is delivered once', async (_row, status) => {
    const path = join(folder(), 'key');
    writeFileSync(path, OLD);
    let read = (): string => OLD;
    const it = await rig({ platform: (origin) => logtide({ url: origin, apiKey: () => read() }) });
    read = secretFile(path, OLD, it.clock);
    it.server.answer = (seen) => (seen.headers['x-api-key'] === NEW ? stored(seen) : status);
    const names = it.emit(100);
    await it.pass(HOUR);
    expect(it.stats).toMatchObject({ pending: 100, circuit: { state: 'held', reason: String(status), trips: 1 } });
    expect(it.stats.requests).toBeLessThanOrEqual(61);
    writeFileSync(path, `${NEW}\n`);
    names.push(...it.emit(100));
    await it.pass(61_000);
    expect(it.server.stored.toSorted()).toEqual(names.toSorted());
    expect(it.stats).toMatchObject({ delivered: 200, pending: 0, deadLettered: 0, circuit: { state: 'closed' } });
    await it.expectAlive();
  });

  it('row 19: a function as key is asked for each request, also while it throws', async () => {
    let key: string | undefined = OLD;
    const it = await rig({
      platform: (origin) =>
        logtide({
          url: origin,
          apiKey: () => {
            if (key === undefined) throw new Error('the vault is sealed');
            return key;
          },
        }),
    });
    it.server.answer = (seen) => (seen.headers['x-api-key'] === NEW ? stored(seen) : 404);
    const names = it.emit(10);
    await it.pass(HOUR);
    key = undefined;
    await it.pass(HOUR);
    expect(it.server.seen.at(-1)?.headers['x-api-key']).toBe('unavailable');
    key = NEW;
    await it.pass(61_000);
    expect(it.server.stored).toEqual(names);
    expect(it.stats).toMatchObject({ delivered: 10, pending: 0, deadLettered: 0 });
  });
});

describe('register with files for secrets', () => {
  interface Started {
    readonly clock: FakeClock;
    readonly server: TestServer;
    readonly destination: Destination;
    /** Logs a record and waits for the request that it makes. */
    next(): Promise<Seen>;
  }

  /** A destination from nothing but variables. */
  async function start(env: (server: URL) => Record<string, string>): Promise<Started> {
    const clock = new FakeClock();
    const server = await serve(() => clock.now());
    server.answer = stored;
    const { destinations, problems } = readEnvironment({
      env: env(new URL(server.origin)),
      readFile: (path) => readFileSync(path, 'utf8'),
      delivery: {},
      clock,
    });
    expect(problems).toEqual([]);
    const destination = destinations[0]?.destination as Destination;
    onTestFinished(() => destination.shutdown(0));
    return {
      clock,
      server,
      destination,
      async next() {
        const { length } = server.seen;
        destination.accept(record(`r${length}`));
        await clock.advance(1_000);
        await until(() => server.seen.length > length);
        await until(() => destination.stats().circuit.state !== 'half-open');
        return server.seen[length] as Seen;
      },
    };
  }

  it.each([
    ['ODYSSEUS_APP_ID', 'app_1', 'app_2', { ODYSSEUS_APP_KEY: 'k' }, 'ODYSSEUS_URL'],
    ['ODYSSEUS_APP_KEY', 'key_1', 'key_2', { ODYSSEUS_APP_ID: 'a' }, 'ODYSSEUS_URL'],
    ['LOGTIDE_API_KEY', OLD, NEW, {}, 'LOGTIDE_API_URL'],
    ['LOGGIER_API_KEY', 'lgk_1', 'lgk_2', {}, 'LOGGIER_API_URL'],
    ['TRAKERR_API_KEY', 'trakerr-1', 'trakerr-2', {}, 'TRAKERR_API_URL'],
  ])('%s_FILE is followed', async (name, old, fresh, env, url) => {
    const path = join(folder(), 'secret');
    writeFileSync(path, `${old}\n`);
    const { next } = await start(({ origin }) => ({ ...env, [url]: origin, [`${name}_FILE`]: path }));
    const shown = ({ path: target, headers, body }: Seen): string => JSON.stringify([target, headers, body]);
    expect(shown(await next())).toContain(old);
    writeFileSync(path, `${fresh}\n`);
    const after = shown(await next());
    expect(after).toContain(fresh);
    expect(after).not.toContain(old);
  });

  it('RARCH_LOGGING_API_KEY_FILE is followed: tokens are signed anew', async () => {
    const path = join(folder(), 'secret');
    writeFileSync(path, 'redarch-key-redarch-key-redarch-key-1');
    const { next } = await start(({ origin }) => ({
      RARCH_LOGGING_URL: `${origin}/log`,
      RARCH_LOGGING_API_KEY_FILE: path,
    }));
    const before = (await next()).headers.authorization;
    expect((await next()).headers.authorization).toBe(before);
    writeFileSync(path, 'redarch-key-redarch-key-redarch-key-2');
    const after = (await next()).headers.authorization;
    expect(after).toMatch(/^Bearer /);
    expect(after).not.toBe(before);
  });

  it('LOGTIDE_DSN_FILE is followed, but the key of another address is not sent to this one', async () => {
    const path = join(folder(), 'dsn');
    const { server, next } = await start(({ host }) => {
      writeFileSync(path, `http://${OLD}@${host}/base\n`);
      return { LOGTIDE_DSN_FILE: path };
    });
    const { host } = new URL(server.origin);
    const key = async (dsn: string): Promise<unknown> => {
      writeFileSync(path, dsn);
      const { path: target, headers } = await next();
      expect(target).toBe('/base/api/v1/ingest');
      return headers['x-api-key'];
    };
    expect(await key(`http://${OLD}@${host}/base`)).toBe(OLD);
    expect(await key(`http://${NEW}@${host}/base/`)).toBe(NEW);
    expect(await key('http://lp_2@other.example.com/base')).toBe(OLD);
    expect(await key(`http://lp_2@${host}/`)).toBe(OLD);
    expect(await key(`https://lp_2@${host}/base`)).toBe(OLD);
    expect(await key('no dsn at all')).toBe('unavailable');
    expect(await key(`http://${NEW}@${host}/base`)).toBe(NEW);
  });

  it('row 18: an hour of 401, then the mounted secret changes, and nothing is lost', async () => {
    const path = join(folder(), 'secret');
    writeFileSync(path, OLD);
    const { clock, server, destination, next } = await start(({ origin }) => ({
      LOGTIDE_API_URL: origin,
      LOGTIDE_API_KEY_FILE: path,
    }));
    server.answer = (seen) => (seen.headers['x-api-key'] === NEW ? stored(seen) : 401);
    await next();
    for (let index = 0; index < 49; index++) destination.accept(record(`more${index}`));
    for (let minute = 0; minute < 60; minute++) {
      const { length } = server.seen;
      await clock.advance(60_000);
      await until(() => server.seen.length > length);
      await until(() => destination.stats().circuit.state === 'held');
    }
    expect(server.seen).toHaveLength(61);
    expect(destination.stats()).toMatchObject({ pending: 50, delivered: 0 });
    rmSync(path);
    await clock.advance(30_000);
    writeFileSync(path, NEW);
    await clock.advance(30_000);
    await until(() => destination.stats().delivered === 50);
    expect(new Set(server.stored).size).toBe(50);
    expect(server.stored).toHaveLength(50);
    expect(destination.stats()).toMatchObject({ pending: 0, deadLettered: 0, circuit: { state: 'closed' } });
  });

  it('a file that is bad at the start is refused as before', () => {
    const path = join(folder(), 'secret');
    writeFileSync(path, 'two words');
    const { destinations, problems } = readEnvironment({
      env: { TRAKERR_API_KEY_FILE: path },
      readFile: (file) => readFileSync(file, 'utf8'),
      delivery: {},
    });
    expect(destinations).toEqual([]);
    expect(problems).toMatchObject([{ code: 'LF002', where: 'TRAKERR_API_KEY' }]);
  });
});
