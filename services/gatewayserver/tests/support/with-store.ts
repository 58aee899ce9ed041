import { silentLogger } from '@trino-gateway/runtime';
import { migrateUp, openStore, type Store } from '../../src/storage/index.ts';
import type { NewDatabase, TestDatabase } from './databases.ts';

/** A store on a database of its own, and the means to open more on the same. */
export type Fixture = { store: Store; url: string; another(): Promise<Store>; database: TestDatabase };

/** Opens a store as a replica does. */
export function open(url: string): Promise<Store> {
  return openStore({ url, poolSize: 8, timeLimitMs: 20_000, logger: silentLogger });
}

/** Runs a test on a migrated database, and leaves nothing of it. */
export function withStore(fresh: NewDatabase, body: (fixture: Fixture) => Promise<void>): () => Promise<void> {
  return async () => {
    await using database = await fresh();
    await using opened = new AsyncDisposableStack();
    if (database.url !== 'sqlite::memory:') await migrateUp(database.url);
    const another = async () => opened.use(await open(database.url));
    await body({ store: await another(), another, url: database.url, database });
  };
}
