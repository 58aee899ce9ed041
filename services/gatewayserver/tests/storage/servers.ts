// The contract on servers. Not part of `make test`: scripts/databases/test-databases.ts runs it with their URLs.
import { expect, jest, test } from '@jest/globals';
import { onServer } from '../support/databases.ts';
import { storageContract } from './contract/contract.ts';

jest.setTimeout(120_000);

const SERVERS = {
  MySQL: process.env.TEST_MYSQL_URL,
  MariaDB: process.env.TEST_MARIADB_URL,
  PostgreSQL: process.env.TEST_POSTGRES_URL,
};

for (const [engine, url] of Object.entries(SERVERS)) if (url) storageContract(engine, onServer(url), { lasting: true });

test('a run without the URL of a server fails', () => {
  expect(Object.values(SERVERS).filter(Boolean)).not.toEqual([]);
});
