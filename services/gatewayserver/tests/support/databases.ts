import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { migrateUp } from '../../src/storage/index.ts';

/** An empty database that goes away with its test. */
export type TestDatabase = AsyncDisposable & {
  url: string;
  /** The same database for a user who may read and write rows, and nothing else; absent where there are no users. */
  rowsOnlyUrl?(): Promise<string>;
};

/** Makes an empty database. */
export type NewDatabase = () => Promise<TestDatabase>;

/** A SQLite file in a folder that does not exist yet. */
export async function sqliteFile(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'storage-'));
  return {
    url: `sqlite:${join(folder, 'made', 'at', 'start', 'gateway.db')}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A SQLite database in memory; every store has its own. */
export async function sqliteMemory(): Promise<TestDatabase> {
  return { url: 'sqlite::memory:', async [Symbol.asyncDispose]() {} };
}

/** Databases on the server at `url`, whose user may create databases and users. */
export function onServer(url: string): NewDatabase {
  return /^postgres/.test(url) ? () => onPostgres(url) : () => onMysql(url);
}

async function onPostgres(base: string): Promise<TestDatabase> {
  const name = freshName();
  await run(base, `CREATE DATABASE "${name}"`);
  const url = withDatabase(base, name);
  return {
    url,
    async rowsOnlyUrl() {
      await migrateUp(url);
      await run(
        url,
        `CREATE ROLE "${name}" LOGIN PASSWORD 'rows'`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "${name}"`,
      );
      return withUser(url, name);
    },
    async [Symbol.asyncDispose]() {
      await run(base, `DROP DATABASE "${name}" WITH (FORCE)`, `DROP ROLE IF EXISTS "${name}"`);
    },
  };
}

async function onMysql(base: string): Promise<TestDatabase> {
  const name = freshName();
  // The worst default a server may have: the schema must not depend on it.
  await run(base, `CREATE DATABASE ${name} CHARACTER SET latin1`);
  const url = withDatabase(base, name);
  return {
    url,
    async rowsOnlyUrl() {
      await migrateUp(url);
      await run(
        base,
        `CREATE USER ${name}@'%' IDENTIFIED BY 'rows'`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO ${name}@'%'`,
      );
      return withUser(url, name);
    },
    async [Symbol.asyncDispose]() {
      await run(base, `DROP DATABASE ${name}`, `DROP USER IF EXISTS ${name}@'%'`);
    },
  };
}

async function run(url: string, ...statements: string[]): Promise<void> {
  const type = /^postgres/.test(url) ? 'postgres' : 'mysql';
  const source = new DataSource({ type, url: url.replace(/^mariadb:/, 'mysql:') });
  await source.initialize();
  try {
    for (const statement of statements) await source.query(statement);
  } finally {
    await source.destroy();
  }
}

function freshName(): string {
  return `contract_${randomBytes(6).toString('hex')}`;
}

function withDatabase(base: string, database: string): string {
  const url = new URL(base);
  url.pathname = `/${database}`;
  return url.href;
}

function withUser(base: string, name: string): string {
  const url = new URL(base);
  url.username = name;
  url.password = 'rows';
  return url.href;
}
