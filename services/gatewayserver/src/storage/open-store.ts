import type { Logger } from '@trino-gateway/runtime';
import type { DataSource } from 'typeorm';
import { type Database, openDatabase } from './connection/database.ts';
import { withoutStatement } from './connection/failures.ts';
import { inTime } from './connection/session.ts';
import type { Store } from './contract/store.ts';
import { openDataSource } from './data-source.ts';
import { parseDatabaseUrl } from './engines/database-url.ts';
import type { DatabaseAddress } from './engines/engine.ts';
import type { DatabaseTls } from './engines/server.ts';
import { migrateSource, pendingMigrations, refuseNewer } from './migrate.ts';
import { admissionStore } from './tables/admission/entries.ts';
import { sealedTextStore } from './tables/admission/sealed-texts.ts';
import { conditionStore } from './tables/conditions.ts';
import { configurationStore } from './tables/configuration/configuration.ts';
import { createSecrets, type Secrets } from './tables/configuration/secrets.ts';
import { drainStore } from './tables/drains.ts';
import { dutyStore } from './tables/duties.ts';
import { incarnationStore } from './tables/incarnations.ts';
import { queryStore } from './tables/queries/queries.ts';
import { revisionStore } from './tables/revisions.ts';
import { routingHitStore } from './tables/routing-hits.ts';
import { scalingStore } from './tables/scaling/scaling.ts';
import { suiteSecretStore } from './tables/suite-secrets.ts';
import { transactionStore } from './tables/transactions.ts';

/** How the store is opened. */
export type StoreOptions = {
  /** See parseDatabaseUrl. */
  url: string;
  /** Files that are set beside the URL. */
  tls?: DatabaseTls | undefined;
  /** Connections to a server; SQLite has one. Default 10. */
  poolSize?: number;
  /** How long one statement, and the wait for a connection, may take. Default 10000. */
  timeLimitMs?: number;
  /** Encrypt the secrets in stored objects: the first encrypts, all decrypt. Default none. */
  secretsKeys?: readonly string[];
  logger: Logger;
};

/**
 * Opens a migrated database; `sqlite::memory:` alone is migrated here. A user that may read and write rows is enough.
 * @throws Error when migrations are pending, naming them; DatabaseUnavailableError when it cannot be reached.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, tls, logger, poolSize = 10, timeLimitMs = 10_000, secretsKeys = [] } = options;
  const address = parseDatabaseUrl(url, tls);
  const source = await openDataSource(address, { poolSize, timeLimitMs });
  try {
    if (address.inMemory) await migrateSource(source, address.engine);
    await inTime(requireSchema(source), 3 * timeLimitMs, 'did not report its schema');
  } catch (error) {
    await source.destroy();
    throw withoutStatement(error);
  }
  logger.info('store opened', { engine: address.engine.name });
  await warnOfOpenFiles(address, logger);
  return storeOn(openDatabase(source, address, timeLimitMs), createSecrets(secretsKeys));
}

async function warnOfOpenFiles(address: DatabaseAddress, logger: Logger): Promise<void> {
  const files = (await address.files?.openToOthers()) ?? [];
  if (files.length > 0)
    logger.warn('others on this machine can read the database: the modes of its files could not be changed', { files });
}

async function requireSchema(source: DataSource): Promise<void> {
  await refuseNewer(source);
  const pending = await pendingMigrations(source);
  if (pending.length > 0)
    throw new Error(`the database schema is not up to date, run migrate up; pending: ${pending.join(', ')}`);
}

function storeOn(database: Database, secrets: Secrets): Store {
  return {
    async ping() {
      await database.read(({ manager }) => manager.query('SELECT 1'));
    },
    revisions: revisionStore(database),
    configuration: configurationStore(database, secrets),
    conditions: conditionStore(database),
    incarnations: incarnationStore(database),
    transactions: transactionStore(database),
    queries: queryStore(database),
    admission: admissionStore(database),
    sealedTexts: sealedTextStore(database),
    suiteSecrets: suiteSecretStore(database),
    duties: dutyStore(database),
    drains: drainStore(database),
    routingHits: routingHitStore(database),
    scaling: scalingStore(database),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
