import { copyFile, rm } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, ListQueriesRequestSchema, QuerySchema } from '@trino-gateway/api/gateway';
import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';
import { migrateUp } from '../../src/storage/index.ts';
import { sqliteFile } from '../support/databases.ts';
import { open } from '../support/with-store.ts';

test('a backup of a SQLite file, made while it is used, brings back all that was there then, and nothing later', async () => {
  await using database = await sqliteFile();
  const file = database.url.replace('sqlite:', '');
  await migrateUp(database.url);
  const put = (store: Awaited<ReturnType<typeof open>>, id: string) =>
    store.configuration.change((change) => change.backends.put(create(BackendSchema, { id, url: `http://${id}` })));
  let key: Uint8Array;
  {
    await using store = await open(database.url);
    await put(store, 'before');
    await store.queries.record([create(QuerySchema, { id: 'q', text: 'SELECT 1' })]);
    key = await store.suiteSecrets.signingKey();
    // As `sqlite3 FILE "VACUUM INTO 'BACKUP'"` does: another connection, beside the running one.
    const beside = await openDataSource(parseDatabaseUrl(database.url), { poolSize: 1, timeLimitMs: 20_000 });
    await beside.query(`VACUUM INTO '${file}.backup'`);
    await beside.destroy();
    await put(store, 'after');
  }
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
  await copyFile(`${file}.backup`, file);
  expect(await migrateUp(database.url)).toEqual([]);
  await using restored = await open(database.url);
  const { backends } = await restored.configuration.read();
  expect(backends.map(({ backend }) => backend.id)).toEqual(['before']);
  expect((await restored.queries.list(create(ListQueriesRequestSchema))).queries).toMatchObject([
    { id: 'q', text: 'SELECT 1' },
  ]);
  expect(await restored.suiteSecrets.signingKey()).toEqual(key);
});
