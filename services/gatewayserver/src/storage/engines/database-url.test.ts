import { expect, test } from '@jest/globals';
import { loadConfig } from '@trino-gateway/config';
import { parseDatabaseUrl } from './database-url.ts';
import { ENGINES } from './registry.ts';

/** What TypeORM is given to connect by this URL. */
const optionsOf = (url: string) => parseDatabaseUrl(url).options({ poolSize: 4, timeLimitMs: 1_000 });

test('every kind of URL leads to its engine, with the usual port', () => {
  expect(optionsOf('sqlite:./data/gateway.db')).toMatchObject({
    type: 'better-sqlite3',
    database: './data/gateway.db',
  });
  expect(optionsOf('sqlite::memory:')).toMatchObject({ type: 'better-sqlite3', database: ':memory:' });
  for (const [scheme, type, port] of [
    ['mysql', 'mysql', 3306],
    ['mariadb', 'mariadb', 3306],
    ['postgres', 'postgres', 5432],
    ['postgresql', 'postgres', 5432],
  ]) {
    const url = `${scheme}://u@h/d`;
    expect(parseDatabaseUrl(url).engine).toMatchObject({ name: type, driver: type });
    expect(optionsOf(url)).toMatchObject({ type, host: 'h', port, username: 'u', password: '', database: 'd' });
    expect(optionsOf(url)).toMatchObject({ ssl: type === 'postgres' ? false : undefined });
  }
});

test('only sqlite::memory: lives in memory, and only files are made private', () => {
  const { inMemory, files } = parseDatabaseUrl('sqlite::memory:');
  expect([inMemory, files]).toEqual([true, undefined]);
  expect(parseDatabaseUrl('sqlite:./data/gateway.db')).toMatchObject({ inMemory: false, files: expect.anything() });
  expect(parseDatabaseUrl('mysql://u@h/d')).toMatchObject({ inMemory: false });
});

test('the configuration takes the URLs of every engine', () => {
  for (const engine of ENGINES)
    for (const scheme of engine.schemes) {
      const url = engine.embedded ? `${scheme}./data/gateway.db` : `${scheme}//user@host/database`;
      const { gatewayserver } = loadConfig({
        env: { TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: url },
        readSecret: () => '',
      });
      expect(gatewayserver.database_url).toBe(url);
      expect(parseDatabaseUrl(url).engine).toBe(engine);
    }
});

test('a password with the characters of a URL arrives as it was', () => {
  expect(optionsOf('mysql://us%40er:p%40ss%2Fw%3Ard@[::1]:13306/data%20base')).toMatchObject({
    type: 'mysql',
    host: '::1',
    port: 13_306,
    username: 'us@er',
    password: 'p@ss/w:rd',
    database: 'data base',
  });
});

test('TLS is off unless asked for by the URL or files, and always checks authority and name', () => {
  expect(optionsOf('mysql://h/d?sslmode=disable')).toMatchObject({ ssl: undefined });
  const verified = { ssl: { rejectUnauthorized: true, verifyIdentity: true } };
  for (const scheme of ['mysql', 'mariadb', 'postgres'])
    for (const mode of ['require', 'verify-full'])
      expect(optionsOf(`${scheme}://h/d?sslmode=${mode}`)).toMatchObject(verified);
  const pems = { ca: 'one' };
  const options = parseDatabaseUrl('mysql://h/d', { current: () => ({ pems }) }).options({
    poolSize: 4,
    timeLimitMs: 1_000,
  });
  expect(options).toMatchObject({ ssl: { ...verified.ssl, ca: 'one' } });
  pems.ca = 'two';
  expect(options).toMatchObject({ ssl: { ca: 'two' } });
});

test('a bad URL is refused with what is wrong, and without its password', () => {
  for (const [url, complaint] of [
    ['sqlite:', /path/],
    ['nonsense secret', /expected sqlite:PATH/],
    ['oracle://u:secret@h/d', /oracle:/],
    ['mysql://u:secret@h', /no database/],
    ['mysql://u:secret@h/d?sslmode=maybe', /sslmode/],
    ['mysql://u:secret@h/d?pool=9', /pool/],
  ] as const) {
    expect(() => parseDatabaseUrl(url)).toThrow(complaint);
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/);
  }
});
