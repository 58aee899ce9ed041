import type { DataSource } from 'typeorm';
import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';
import { migrateUp } from '../../src/storage/index.ts';
import type { NewDatabase, TestDatabase } from './databases.ts';

// To make the schema takes a server two seconds, and to empty its tables some milliseconds: so a database serves one test after another.

/** A migrated database, and what its tables held then. */
type Migrated = { database: TestDatabase; first: ReadonlyMap<string, readonly Row[]> };
type Row = Record<string, unknown>;

const idle = new WeakMap<NewDatabase, Migrated[]>();

/** Runs `body` on a migrated database without anything in it, which nobody else uses meanwhile. */
export async function onMigrated(fresh: NewDatabase, body: (database: TestDatabase) => Promise<void>): Promise<void> {
  const kept = idle.get(fresh) ?? [];
  idle.set(fresh, kept);
  const one = kept.pop() ?? (await migrate(await fresh()));
  try {
    await body(one.database);
    await withSource(one.database, (source) => empty(source, one.first));
  } catch (error) {
    await one.database[Symbol.asyncDispose]();
    throw error;
  }
  kept.push(one);
}

/** Drops those that are kept. */
export async function dropMigrated(fresh: NewDatabase): Promise<void> {
  for (const { database } of idle.get(fresh)?.splice(0) ?? []) await database[Symbol.asyncDispose]();
}

async function migrate(database: TestDatabase): Promise<Migrated> {
  await migrateUp(database.url);
  const first = new Map<string, readonly Row[]>();
  await withSource(database, async (source) => {
    for (const { tableName } of source.entityMetadatas)
      first.set(tableName, await source.createQueryBuilder().select().from(tableName, 'row').getRawMany());
  });
  return { database, first };
}

async function empty(source: DataSource, first: Migrated['first']): Promise<void> {
  await source.transaction(async ({ connection, queryRunner }) => {
    for (const [table, rows] of first) {
      await connection.createQueryBuilder(queryRunner).delete().from(table).execute();
      if (rows.length > 0)
        await connection
          .createQueryBuilder(queryRunner)
          .insert()
          .into(table)
          .values([...rows])
          .execute();
    }
  });
}

async function withSource(database: TestDatabase, use: (source: DataSource) => Promise<void>): Promise<void> {
  const source = await openDataSource(parseDatabaseUrl(database.url), { poolSize: 1, timeLimitMs: 20_000 });
  try {
    await use(source);
  } finally {
    await source.destroy();
  }
}
