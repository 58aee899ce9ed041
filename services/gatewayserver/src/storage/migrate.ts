import { setTimeout as sleep } from 'node:timers/promises';
import { type DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import { failureOf, withoutStatement } from './connection/failures.ts';
import { DatabaseUnavailableError } from './contract/errors.ts';
import { connectPatiently } from './data-source.ts';
import { MEMORY, parseDatabaseUrl } from './engines/database-url.ts';
import { engineOf } from './engines/engine.ts';

/** One step of the schema. */
export type MigrationState = { name: string; applied: boolean };

/** How long a start waits for another one that migrates the same database. */
const LOCK_WAIT_MS = 120_000;
const CONNECT_MS = 10_000;
const LOCK_PAUSE_MS = 100;

/**
 * Brings the schema up to date and answers the names of the steps it took, none when there were none to take. Several may
 * run at once on one database: one migrates, the others wait for it. Needs a user that may change the schema.
 */
export async function migrateUp(url: string): Promise<string[]> {
  return withSource(url, migrateSource);
}

/** All steps this version knows, in order, and whether this database has taken them. Changes nothing. */
export async function migrationStatus(url: string): Promise<MigrationState[]> {
  return withSource(url, async (source) => {
    const pending = new Set(await pendingMigrations(source));
    return names(source.migrations).map((name) => ({ name, applied: !pending.has(name) }));
  });
}

/** The steps that are still to be taken, read without any right to change the schema. */
export async function pendingMigrations(source: DataSource): Promise<string[]> {
  return (await new MigrationExecutor(source).getPendingMigrations()).map(({ name }) => name);
}

/** Migrates through an open data source. Needs two connections on a server. */
export async function migrateSource(source: DataSource): Promise<string[]> {
  switch (engineOf(source)) {
    case 'sqlite':
      return migrateSqlite(source);
    case 'postgres':
      return migrateServer(source, 'all', {
        take: 'SELECT pg_try_advisory_lock(7481230051) AS taken',
        free: 'SELECT pg_advisory_unlock(7481230051)',
      });
    case 'mysql':
    case 'mariadb':
      // Named locks belong to the whole server and have at most 64 characters; MySQL 9 has no MD5 any more.
      return migrateServer(source, 'none', {
        take: "SELECT GET_LOCK(CONCAT('trino-gateway:', LEFT(SHA2(DATABASE(), 256), 32)), 0) AS taken",
        free: "SELECT RELEASE_LOCK(CONCAT('trino-gateway:', LEFT(SHA2(DATABASE(), 256), 32)))",
      });
  }
}

async function migrateServer(
  source: DataSource,
  transaction: 'all' | 'none',
  lock: { take: string; free: string },
): Promise<string[]> {
  const holder = source.createQueryRunner();
  try {
    await patiently(async () => Boolean(Number((await holder.query(lock.take))[0]?.taken)));
    try {
      return names((await source.runMigrations({ transaction })).map(({ instance }) => instance));
    } finally {
      await holder.query(lock.free);
    }
  } finally {
    await holder.release();
  }
}

/** The write lock of the file holds from before the look at what is pending to the end. */
async function migrateSqlite(source: DataSource): Promise<string[]> {
  const runner = source.createQueryRunner();
  await patiently(async () => {
    try {
      await runner.query('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (failureOf(error) === 'contention') return false;
      throw error;
    }
  });
  try {
    const taken = await source.runMigrations({ transaction: 'none' });
    await runner.query('COMMIT');
    return names(taken.map(({ instance }) => instance));
  } catch (error) {
    await runner.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function patiently(tryLock: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  while (!(await tryLock())) {
    if (Date.now() >= deadline)
      throw new DatabaseUnavailableError(`another process has been migrating this database for ${LOCK_WAIT_MS} ms`);
    await sleep(LOCK_PAUSE_MS);
  }
}

function names(migrations: readonly (MigrationInterface | undefined)[]): string[] {
  return migrations.map((migration) => migration?.name ?? '');
}

async function withSource<T>(url: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const address = parseDatabaseUrl(url);
  if (address.engine === 'sqlite' && address.file === MEMORY)
    throw new Error('database_url: sqlite::memory: has no schema to migrate, it is made whole at each start');
  const source = await connectPatiently(address, { poolSize: 2, timeLimitMs: CONNECT_MS });
  try {
    return await work(source);
  } catch (error) {
    throw withoutStatement(error);
  } finally {
    await source.destroy();
  }
}
