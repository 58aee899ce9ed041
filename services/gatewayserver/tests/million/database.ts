import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@trino-gateway/runtime';
import { type ServerEngine, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';
import { migrateUp, openStore, type Store } from '../../src/storage/index.ts';

type DataSource = Awaited<ReturnType<typeof openDataSource>>;

/** A migrated database, as the gatewayserver uses it and as one looks into it. */
export type Million = AsyncDisposable & {
  engine: ServerEngine | 'sqlite';
  store: Store;
  source: DataSource;
};

/** Starts the engine with empty data; all of it goes when it is disposed of. */
export async function openMillion(engine: ServerEngine | 'sqlite'): Promise<Million> {
  await using opened = new AsyncDisposableStack();
  const url = engine === 'sqlite' ? await sqliteUrl(opened) : opened.use(await startDatabase(engine)).url;
  await migrateUp(url);
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 4, timeLimitMs: 60_000 });
  opened.defer(() => source.destroy());
  // As much memory as a small server has; the one of the tests has next to none.
  if (engine === 'mysql' || engine === 'mariadb') await source.query('SET GLOBAL innodb_buffer_pool_size = 536870912');
  const store = opened.use(await openStore({ url, poolSize: 10, timeLimitMs: 60_000, logger: silentLogger }));
  const owned = opened.move();
  return { engine, store, source, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function sqliteUrl(opened: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tg-million-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'gateway.db')}`;
}
