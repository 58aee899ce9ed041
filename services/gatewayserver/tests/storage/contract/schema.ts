import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, ListQueriesRequestSchema, QuerySchema } from '@trino-gateway/api/gateway';
import { openDataSource } from '../../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../../src/storage/engines/database-url.ts';
import { migrateUp, migrationStatus } from '../../../src/storage/index.ts';
import { MIGRATIONS } from '../../../src/storage/migrations/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { open } from '../../support/with-store.ts';

/** How a database gets its schema, and which rights that takes. */
export function schemaContract(fresh: NewDatabase): void {
  describe('schema', () => {
    test('the migrations make exactly the schema that the entities describe', async () => {
      await using database = await fresh();
      await migrateUp(database.url);
      const source = await openDataSource(parseDatabaseUrl(database.url), { poolSize: 2, timeLimitMs: 20_000 });
      try {
        const { upQueries } = await source.driver.createSchemaBuilder().log();
        expect(upQueries.map(({ query }) => query)).toEqual([]);
      } finally {
        await source.destroy();
      }
    });

    test('a database that was not migrated is refused with the names of the missing migrations', async () => {
      await using database = await fresh();
      await expect(open(database.url)).rejects.toThrow(/migrate up.*CreateBackends/);
    });

    test('status lists pending migrations and changes nothing; a second migration does nothing', async () => {
      await using database = await fresh();
      const status = async () => (await migrationStatus(database.url)).map(({ state }) => state);
      const all = (state: string) => MIGRATIONS.map(() => state);
      expect(await status()).toEqual(all('pending'));
      expect(await status()).toEqual(all('pending'));
      expect(await migrateUp(database.url)).toHaveLength(MIGRATIONS.length);
      expect(await status()).toEqual(all('applied'));
      expect(await migrateUp(database.url)).toEqual([]);
    });

    test('a database of a newer version is refused, at start and by migrate up, and stays as it is', async () => {
      await using database = await fresh();
      await migrateUp(database.url);
      await later(
        database.url,
        `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'AddWings9999999999999')`,
      );
      const refusal =
        /newer version of the gateway than \d+\.\d+\.\d+, .* AddWings9999999999999: .*docs\/upgrading\.md/;
      await expect(open(database.url)).rejects.toThrow(refusal);
      await expect(migrateUp(database.url)).rejects.toThrow(refusal);
      expect((await migrationStatus(database.url)).at(-1)).toEqual({ name: 'AddWings9999999999999', state: 'newer' });
      await later(database.url, `DELETE FROM migrations WHERE name = 'AddWings9999999999999'`);
      await using store = await open(database.url);
      expect(await store.revisions.read()).toMatchObject({ configuration: 0 });
    });

    test('replicas that start at once on an empty database migrate it once', async () => {
      await using database = await fresh();
      const taken = await Promise.all(Array.from({ length: 5 }, () => migrateUp(database.url)));
      expect(taken.map((names) => names.length).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, MIGRATIONS.length]);
      await using store = await open(database.url);
      expect(await store.revisions.read()).toEqual({ configuration: 0, conditions: 0, incarnations: 0, drains: 0 });
    });

    test('a user who may only read and write rows is enough at run time', async () => {
      await using database = await fresh();
      if (database.rowsOnlyUrl === undefined) await migrateUp(database.url);
      const url = (await database.rowsOnlyUrl?.()) ?? database.url;
      await using store = await open(url);
      await store.configuration.change((change) =>
        change.backends.put(create(BackendSchema, { id: 'a', url: 'http://x' })),
      );
      await store.queries.record([create(QuerySchema, { id: 'q' })]);
      expect((await store.queries.list(create(ListQueriesRequestSchema))).queries).toHaveLength(1);
      expect(await store.suiteSecrets.signingKey()).toHaveLength(32);
      expect(await migrationStatus(url)).toHaveLength(MIGRATIONS.length);
    });
  });
}

/** What a later version does to the database. */
async function later(url: string, statement: string): Promise<void> {
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 1, timeLimitMs: 20_000 });
  try {
    await source.query(statement);
  } finally {
    await source.destroy();
  }
}
