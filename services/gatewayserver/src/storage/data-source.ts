import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { failureOf, withoutStatement } from './connection/failures.ts';
import { ABANDONED_AFTER_LIMITS, inTime } from './connection/session.ts';
import { type DatabaseAddress, MEMORY, type ServerAddress } from './engines/database-url.ts';
import { makePrivateFiles } from './engines/private-files.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { entities } from './schema/entities.ts';

/** How many connections, and how long one may take to come about. */
export type ConnectionLimits = { poolSize: number; timeLimitMs: number };

// A statement that meets another process's lock gives up quickly, since waiting would block this whole process; the
// transaction is then run again (see database.ts).
const SQLITE_BUSY_MS = 5;
const SQLITE_OPEN_PAUSE_MS = 20;

/**
 * Connects. Waits, within the time limit, for a SQLite file that others are opening: switching a new one to WAL needs it
 * alone for a moment. @throws DatabaseUnavailableError when there is no connection in time.
 */
export async function connectPatiently(address: DatabaseAddress, limits: ConnectionLimits): Promise<DataSource> {
  if (address.engine === 'sqlite' && address.file !== MEMORY) await makePrivateFiles(address.file);
  for (const deadline = Date.now() + limits.timeLimitMs; ; await sleep(SQLITE_OPEN_PAUSE_MS)) {
    try {
      return await connect(address, limits);
    } catch (error) {
      if (failureOf(error) !== 'contention' || Date.now() >= deadline) throw withoutStatement(error);
    }
  }
}

async function connect(address: DatabaseAddress, limits: ConnectionLimits): Promise<DataSource> {
  const source = new DataSource(options(address, limits));
  await inTime(source.initialize(), limits.timeLimitMs + 1_000, 'gave no connection');
  return source;
}

function options(address: DatabaseAddress, limits: ConnectionLimits): DataSourceOptions {
  const common = {
    entities: entities(address.engine),
    migrations: MIGRATIONS,
    migrationsTableName: 'migrations',
    // Off, because its lines would carry statements.
    logging: false,
    synchronize: false,
  } as const;
  switch (address.engine) {
    case 'sqlite':
      return {
        ...common,
        type: 'better-sqlite3',
        database: address.file,
        timeout: SQLITE_BUSY_MS,
        prepareDatabase(database: { pragma(text: string): unknown }) {
          if (address.file !== MEMORY) {
            database.pragma('journal_mode = WAL');
            database.pragma('synchronous = NORMAL');
          }
          // Of a secret that is replaced nothing is left in its place.
          database.pragma('secure_delete = FAST');
          database.pragma('foreign_keys = ON');
        },
      };
    case 'mysql':
    case 'mariadb':
      return {
        ...common,
        ...server(address),
        type: address.engine,
        charset: 'utf8mb4_bin',
        timezone: 'Z',
        supportBigNumbers: true,
        poolSize: limits.poolSize,
        connectTimeout: limits.timeLimitMs,
        extra: {
          waitForConnections: true,
          enableKeepAlive: true,
          // Idle connections go before the server ends them; the pool looks for them only below its size.
          maxIdle: limits.poolSize - 1,
          idleTimeout: (ABANDONED_AFTER_LIMITS / 2) * limits.timeLimitMs,
          gracefulEnd: true,
        },
      };
    case 'postgres':
      return {
        ...common,
        ...server(address),
        type: 'postgres',
        poolSize: limits.poolSize,
        connectTimeoutMS: limits.timeLimitMs,
        installExtensions: false,
        poolErrorHandler() {
          // An idle connection broke; the pool has dropped it and the next call opens another.
        },
        applicationName: 'trino-gateway',
        extra: { keepAlive: true, idleTimeoutMillis: 60_000 },
      };
  }
}

function server({ host, port, username, password, database, tls }: ServerAddress) {
  return { host, port, username, password, database, ...(tls && { ssl: tls }) };
}
