import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from '@trino-gateway/runtime/version';
import { type DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import { failureOf, withoutStatement } from './connection/failures.ts';
import { DatabaseUnavailableError } from './contract/errors.ts';
import { openDataSource } from './data-source.ts';
import { parseDatabaseUrl } from './engines/database-url.ts';
import type { DatabaseAddress, Engine } from './engines/engine.ts';
import type { DatabaseTls } from './engines/server.ts';

/** One migration and whether the database has it; `newer` ones are of a later version, and this one does not know them. */
export type MigrationState = { name: string; state: 'applied' | 'pending' | 'newer' };

/** How long to wait for another process that migrates the same database. */
const LOCK_WAIT_MS = 120_000;
const CONNECT_MS = 10_000;
const LOCK_PAUSE_MS = 100;

/**
 * Brings the schema up to date. Several processes may do so at once: one migrates, the others wait for it. Needs a user
 * that may change the schema. @returns the names of the migrations that were applied
 */
export async function migrateUp(url: string, tls?: DatabaseTls): Promise<string[]> {
  return withSource(parseDatabaseUrl(url, tls), async (source, engine) => {
    await refuseNewer(source);
    return migrateSource(source, engine);
  });
}

/** All migrations of this version, in order, and whether this database has them; then those of later versions. Changes nothing. */
export async function migrationStatus(url: string, tls?: DatabaseTls): Promise<MigrationState[]> {
  return withSource(parseDatabaseUrl(url, tls), async (source) => {
    const pending = new Set(await pendingMigrations(source));
    return [
      ...names(source.migrations).map((name) => ({ name, state: pending.has(name) ? 'pending' : 'applied' }) as const),
      ...(await newerMigrations(source)).map((name) => ({ name, state: 'newer' }) as const),
    ];
  });
}

/**
 * Refuses a database that a later version has migrated: what this version does not know it would read wrong, or lose.
 * @throws Error naming what it does not know
 */
export async function refuseNewer(source: DataSource): Promise<void> {
  const newer = await newerMigrations(source);
  if (newer.length === 0) return;
  throw new Error(
    `the database is of a newer version of the gateway than ${VERSION}, which does not know its migrations ${newer.join(', ')}: start that version, or restore the backup from before the upgrade (docs/upgrading.md)`,
  );
}

async function newerMigrations(source: DataSource): Promise<string[]> {
  const known = new Set(names(source.migrations));
  const executed = await new MigrationExecutor(source).getExecutedMigrations();
  return executed.map(({ name }) => name).filter((name) => !known.has(name));
}

/** The migrations that the database lacks, read without any right to change the schema. */
export async function pendingMigrations(source: DataSource): Promise<string[]> {
  return (await new MigrationExecutor(source).getPendingMigrations()).map(({ name }) => name);
}

/** Migrates through an open data source, under the lock of its engine. Needs two connections on a server. */
export async function migrateSource(source: DataSource, { migrationLock }: Engine): Promise<string[]> {
  const holder = source.createQueryRunner();
  try {
    await untilTaken(() => migrationLock.take(holder));
    try {
      const taken = await source.runMigrations({ transaction: migrationLock.transaction });
      await migrationLock.release(holder, 'done');
      return names(taken.map(({ instance }) => instance));
    } catch (error) {
      await migrationLock.release(holder, 'failed').catch(() => undefined);
      throw error;
    }
  } finally {
    await holder.release();
  }
}

async function untilTaken(take: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + LOCK_WAIT_MS; ; await sleep(LOCK_PAUSE_MS)) {
    try {
      if (await take()) return;
    } catch (error) {
      if (failureOf(error) !== 'contention') throw error;
    }
    if (Date.now() >= deadline)
      throw new DatabaseUnavailableError(`another process has been migrating this database for ${LOCK_WAIT_MS} ms`);
  }
}

function names(migrations: readonly (MigrationInterface | undefined)[]): string[] {
  return migrations.map((migration) => migration?.name ?? '');
}

async function withSource<T>(
  address: DatabaseAddress,
  work: (source: DataSource, engine: Engine) => Promise<T>,
): Promise<T> {
  if (address.inMemory)
    throw new Error('database_url: sqlite::memory: has no schema to migrate, it is made whole at each start');
  const source = await openDataSource(address, { poolSize: 2, timeLimitMs: CONNECT_MS });
  try {
    return await work(source, address.engine);
  } catch (error) {
    throw withoutStatement(error);
  } finally {
    await source.destroy();
  }
}
