import { silentLogger } from '@trino-gateway/runtime';
import { openStore, type Store } from '../../src/storage/index.ts';
import { type NewDatabase, sqliteMemory, type TestDatabase } from './databases.ts';
import { onMigrated } from './migrated-databases.ts';

/** A store on a database of its own, and the means to open more on the same. */
export type Fixture = { store: Store; url: string; another(): Promise<Store>; database: TestDatabase };

/** Opens a store as a replica does. */
export function open(url: string): Promise<Store> {
  return openStore({ url, poolSize: 8, timeLimitMs: 20_000, logger: silentLogger });
}

/** Runs a test on a migrated database with nothing in it. */
export function withStore(fresh: NewDatabase, body: (fixture: Fixture) => Promise<void>): () => Promise<void> {
  const onDatabase = async (database: TestDatabase) => {
    await using opened = new AsyncDisposableStack();
    const another = async () => opened.use(await open(database.url));
    await body({ store: await another(), another, url: database.url, database });
  };
  return async () => (fresh === sqliteMemory ? onDatabase(await fresh()) : onMigrated(fresh, onDatabase));
}
