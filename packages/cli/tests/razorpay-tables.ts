// The import from the tables of razorpay/trino-gateway. Not among the plain tests: scripts/databases/test-databases.ts runs it with
// the URL of a MySQL or MariaDB.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { type Connection, createConnection } from 'mysql2/promise';
import { readTables } from '../src/razorpay/read-tables.ts';
import { translate } from '../src/razorpay/translate.ts';
import { runCommand } from './support/command-line.ts';
import { EXAMPLE } from './support/razorpay-example.ts';

jest.setTimeout(120_000);

const DATABASE = `import_${randomBytes(6).toString('hex')}`;
const SERVER = process.env.TEST_MYSQL_URL ?? process.env.TEST_MARIADB_URL;

/** Columns, types and keys as its migrations leave them; its other keys and the table of queries do not matter here. */
const TABLES = [
  `CREATE TABLE backends (id VARCHAR(255) NOT NULL PRIMARY KEY, hostname VARCHAR(255) NOT NULL,
    scheme ENUM('http', 'https') DEFAULT 'http', external_url VARCHAR(255) NOT NULL, is_enabled BOOL DEFAULT FALSE,
    uptime_schedule VARCHAR(255) DEFAULT '* * * * *', cluster_load INT DEFAULT 0, threshold_cluster_load INT DEFAULT 0,
    stats_updated_at INT NULL, created_at INT NOT NULL, updated_at INT NOT NULL, is_healthy BOOL DEFAULT FALSE)`,
  `CREATE TABLE groups_ (id VARCHAR(255) NOT NULL PRIMARY KEY,
    strategy ENUM('random', 'round_robin', 'least_load') DEFAULT 'random', is_enabled BOOL DEFAULT FALSE,
    last_routed_backend VARCHAR(255), created_at INT NOT NULL, updated_at INT NOT NULL)`,
  `CREATE TABLE group_backends_mappings (id INT AUTO_INCREMENT PRIMARY KEY, group_id VARCHAR(255),
    backend_id VARCHAR(255), created_at INT, updated_at INT, UNIQUE KEY (group_id, backend_id),
    FOREIGN KEY (group_id) REFERENCES groups_ (id), FOREIGN KEY (backend_id) REFERENCES backends (id))`,
  `CREATE TABLE policies (id VARCHAR(255) PRIMARY KEY,
    rule_type ENUM('header_client_tags', 'header_connection_properties', 'header_client_host', 'listening_port'),
    rule_value VARCHAR(255), group_id VARCHAR(255), fallback_group_id VARCHAR(255), is_enabled BOOL, created_at INT,
    updated_at INT, FOREIGN KEY (group_id) REFERENCES groups_ (id))`,
];
/** What its later migrations add. */
const LATER = [
  'ALTER TABLE policies ADD COLUMN is_auth_delegated BOOL DEFAULT FALSE',
  "ALTER TABLE policies ADD COLUMN set_request_source VARCHAR(255) DEFAULT ''",
];

if (SERVER === undefined)
  test('a run without a server fails', () => {
    expect(SERVER).toBeDefined();
  });
else
  describe('the tables of razorpay/trino-gateway', () => {
    let connection: Connection;
    let server: TestGatewayserver;
    let mysqlUrl: string;
    beforeAll(async () => {
      const url = new URL(SERVER.replace(/^mariadb:/, 'mysql:'));
      url.pathname = '/';
      connection = await createConnection(url.href);
      await connection.query(`CREATE DATABASE ${DATABASE} CHARACTER SET latin1`);
      await connection.changeUser({ database: DATABASE });
      url.pathname = `/${DATABASE}`;
      mysqlUrl = url.href;
      server = await startGatewayserver();
    });
    afterAll(async () => {
      await connection.query(`DROP DATABASE ${DATABASE}`);
      await connection.end();
      await server[Symbol.asyncDispose]();
    });
    const run = (...argv: string[]) =>
      runCommand(['import', 'razorpay', '--mysql-url', mysqlUrl, '--url', server.url, ...argv]);

    test('a database that holds something else is refused', async () => {
      const { code, err } = await run();
      expect([code, err]).toEqual([1, expect.stringMatching(/a table is missing: expected backends, groups_/)]);
    });

    test('the tables are read as its API would have answered them', async () => {
      for (const statement of TABLES) await connection.query(statement);
      await fill(connection);
      const read = () => readTables({ url: new URL(mysqlUrl), password: undefined, timeLimitMs: 60_000 });
      // Before the last migrations: what they add is empty.
      expect((await read()).policies.find(({ id }) => id === 'port')).toMatchObject({ is_auth_delegated: false });
      for (const statement of LATER) await connection.query(statement);
      await connection.query(
        "UPDATE policies SET is_auth_delegated = TRUE, set_request_source = 'bi' WHERE id IN ('port', 'host')",
      );
      const choices = { forwarding: 'proxy', timeZone: '' } as const;
      const fromTables = translate(await read(), choices).declared;
      const fromApi = translate(EXAMPLE, choices).declared;
      const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
      expect(fromTables.backends.sort(byId)).toEqual(fromApi.backends.sort(byId));
      expect(fromTables.groups.sort(byId)).toEqual(fromApi.groups.sort(byId));
      expect(fromTables.policies.sort(byId)).toEqual(fromApi.policies.sort(byId));
    });

    test('the import writes it all, twice with the same result, and leaves the tables alone', async () => {
      const tables = async () => JSON.stringify(await connection.query('CHECKSUM TABLE backends, groups_, policies'));
      const before = await tables();
      const first = await run('--write');
      expect([first.code, first.out.match(/created$/gm)?.length]).toEqual([0, 12]);
      const second = await run('--write');
      expect([second.code, second.out.match(/unchanged$/gm)?.length]).toEqual([0, 12]);
      expect(await tables()).toBe(before);
    });

    test('a wrong password is reported in one line that does not show it', async () => {
      const url = new URL(mysqlUrl);
      url.password = '';
      const { code, out, err } = await runCommand(
        ['import', 'razorpay', '--mysql-url', url.href, '--mysql-password-file', 'p'],
        { files: { p: 'hunter2\n' } },
      );
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/: access denied: check the user of --mysql-url and --mysql-password-file; it needs SELECT$/);
      expect(err).not.toContain('hunter2');
    });
  });

async function fill(connection: Connection): Promise<void> {
  const insert = (table: string, row: Record<string, unknown>) =>
    connection.query('INSERT INTO ?? SET ?', [table, { ...row, created_at: 1, updated_at: 1 }]);
  for (const backend of EXAMPLE.backends) await insert('backends', backend);
  for (const { backends, strategy, ...group } of EXAMPLE.groups) {
    await insert('groups_', { ...group, strategy: strategy.toLowerCase() });
    for (const id of new Set(backends)) await insert('group_backends_mappings', { group_id: group.id, backend_id: id });
  }
  for (const {
    rule,
    group,
    fallback_group,
    is_auth_delegated: _,
    set_request_source: __,
    ...policy
  } of EXAMPLE.policies) {
    if (rule.type === 'header_user') continue; // its column takes only the types it knows
    await insert('policies', {
      ...policy,
      rule_type: rule.type === 'header_host' ? 'header_client_host' : rule.type,
      rule_value: rule.value,
      group_id: group,
      fallback_group_id: fallback_group,
    });
  }
}
