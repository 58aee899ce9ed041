// TLS to a server. Not part of `make test`: scripts/databases/test-databases.ts runs it for each engine.

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';
import { type DatabaseTls, migrateUp, migrationStatus, openStore } from '../../src/storage/index.ts';

jest.setTimeout(180_000);

const engine = ENGINES.find((name) => name === process.env.TEST_OUTAGE_ENGINE) ?? 'postgres';
const isPostgres = engine === 'postgres';
const LIMITS = { poolSize: 2, timeLimitMs: 20_000 };
const authority = createCertificateAuthority();
const another = createCertificateAuthority('another');
const { cert: ca } = authority;
let database: RunningDatabase;

beforeAll(async () => {
  database = await startDatabase(engine, { tls: { ...authority.issue(['127.0.0.1']), ca } });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const filesOf = (pems: ReturnType<DatabaseTls['current']>['pems']): DatabaseTls => ({ current: () => ({ pems }) });
const trusting = filesOf({ ca });

async function run(url: string, tls: DatabaseTls | undefined, ...statements: string[]): Promise<unknown[]> {
  const source = await openDataSource(parseDatabaseUrl(url, tls), LIMITS);
  try {
    const answers: unknown[] = [];
    for (const statement of statements) answers.push(await source.query(statement));
    return answers;
  } finally {
    await source.destroy();
  }
}

const failure = (url: string, tls?: DatabaseTls) =>
  run(url, tls).then(
    () => 'connected',
    (error: Error) => error.message,
  );

test(`${engine}: migration and store work over TLS, with the right authority and name, also by the address`, async () => {
  expect((await migrateUp(database.url, trusting)).length).toBeGreaterThan(0);
  expect((await migrationStatus(database.url, trusting)).every(({ state }) => state === 'applied')).toBe(true);
  await using store = await openStore({ url: database.url, tls: trusting, logger: silentLogger });
  await Promise.all(Array.from({ length: 4 }, () => store.ping()));
  const cipher = isPostgres
    ? 'SELECT cipher AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
    : "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
  expect(JSON.stringify(await run(database.url, trusting, cipher))).toMatch(/"[Vv]alue":"TLS_|"[Vv]alue":"ECDHE/);
});

describe(`${engine}: a server that is not verified gets no password`, () => {
  const cases: [string, () => string, DatabaseTls | undefined, RegExp][] = [
    [
      'of another authority',
      () => database.url,
      filesOf({ ca: another.cert }),
      /an authority that is not trusted here/,
    ],
    [
      'for another name',
      () => database.url.replace('127.0.0.1', 'localhost'),
      trusting,
      /for another name than localhost: it is for IP Address:127.0.0.1$/,
    ],
    [
      'of no public authority, with sslmode=require',
      () => `${database.url}?sslmode=require`,
      undefined,
      /an authority that is not trusted here/,
    ],
  ];
  test.each(cases)('%s', async (_, url, tls, expected) => {
    const message = await failure(url(), tls);
    expect(message).toMatch(/^no TLS connection to the database: its certificate is /);
    expect(message).toMatch(expected);
  });
});

test(`${engine}: a client certificate that is demanded is shown`, async () => {
  const create = isPostgres
    ? [`CREATE ROLE certified LOGIN PASSWORD 'certified'`]
    : [
        `CREATE USER certified IDENTIFIED BY 'certified' REQUIRE X509`,
        `GRANT ALL PRIVILEGES ON gateway.* TO certified`,
      ];
  await run(database.url, trusting, ...create);
  const url = database.url.replace('gateway:gateway@', 'certified:certified@');
  expect(await failure(url, trusting)).not.toBe('connected');
  expect(await failure(url, filesOf({ ca, ...another.issue(['gatewayserver']) }))).not.toBe('connected');
  expect(await failure(url, filesOf({ ca, ...authority.issue(['gatewayserver']) }))).toBe('connected');
});

// MariaDB cannot do so while it runs.
(engine === 'mariadb' ? test.skip : test)(`${engine}: a server without TLS is refused`, async () => {
  const off = isPostgres
    ? ['ALTER SYSTEM SET ssl = off', 'SELECT pg_reload_conf()']
    : ["SET GLOBAL tls_version = ''", 'ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR'];
  await run(database.url, undefined, ...off);
  let message = '';
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    message = await failure(database.url, trusting);
    if (message !== 'connected') break;
  }
  expect(message).toBe('no TLS connection to the database: it does not offer TLS');
  expect(await failure(database.url)).toBe('connected');
});
