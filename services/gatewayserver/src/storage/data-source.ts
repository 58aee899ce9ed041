import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { failureOf, withoutStatement } from './connection/failures.ts';
import { inTime } from './connection/session.ts';
import type { ConnectionLimits, DatabaseAddress } from './engines/engine.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { entities } from './schema/entities.ts';

const OPEN_PAUSE_MS = 20;

/**
 * Connects to a database. Waits, within the time limit, for a SQLite file that others are opening: switching a new file to
 * WAL needs it alone for a moment. @throws DatabaseUnavailableError when there is no connection in time.
 */
export async function openDataSource(address: DatabaseAddress, limits: ConnectionLimits): Promise<DataSource> {
  await address.files?.makePrivate();
  for (const deadline = Date.now() + limits.timeLimitMs; ; await sleep(OPEN_PAUSE_MS)) {
    try {
      return await connect(address, limits);
    } catch (error) {
      if (failureOf(error) !== 'contention' || Date.now() >= deadline) throw withoutStatement(error);
    }
  }
}

async function connect({ engine, options }: DatabaseAddress, limits: ConnectionLimits): Promise<DataSource> {
  const source = new DataSource({
    ...options(limits),
    entities: entities(engine.columns),
    migrations: MIGRATIONS,
    migrationsTableName: 'migrations',
    // Its lines would carry statements.
    logging: false,
    synchronize: false,
  } as DataSourceOptions);
  await inTime(source.initialize(), limits.timeLimitMs + 1_000, 'gave no connection');
  return source;
}
