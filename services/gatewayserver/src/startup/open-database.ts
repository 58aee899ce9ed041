import type { Declared, GatewayserverConfig } from '@trino-gateway/config';
import type { CertificateExpiry, Logger } from '@trino-gateway/runtime';
import { declareObjects } from '../configuration/declare-objects.ts';
import type { ConfigurationStore } from '../storage/contract/configuration.ts';
import { type DatabaseTls, isInMemory, measuredStore, migrateUp, openStore, type Store } from '../storage/index.ts';
import type { StoreObserver } from '../storage/measured-store.ts';
import { followDatabaseTls } from './database-tls.ts';

/** Opens the database, brings its schema up to date and stores what the configuration file declares. */
export async function openDatabase(
  config: GatewayserverConfig,
  declared: Declared,
  logger: Logger,
  {
    countStore,
    expiry,
    started,
  }: { countStore: StoreObserver; expiry: CertificateExpiry; started: AsyncDisposableStack },
): Promise<Store> {
  const tls = await followDatabaseTls(config, { logger, expiry, started });
  const store = measuredStore(started.use(await openMigrated(config, tls, logger)), countStore);
  await declareObjects(store.configuration, declared);
  await protectSecrets(store.configuration, logger);
  return store;
}

async function openMigrated(config: GatewayserverConfig, tls: DatabaseTls | undefined, logger: Logger): Promise<Store> {
  const { database_url: url, database_pool_size: poolSize, database_time_limit: timeLimitMs } = config;
  if (config.migrate_at_start && !isInMemory(url)) {
    const taken = await migrateUp(url, tls);
    if (taken.length > 0) logger.info('the database schema was brought up to date', { migrations: taken });
  }
  return openStore({ url, tls, poolSize, timeLimitMs, secretsKeys: config.secrets_key ?? [], logger });
}

/** Encrypts what the keys allow, and logs what remains. */
async function protectSecrets(store: Pick<ConfigurationStore, 'protectSecrets'>, logger: Logger): Promise<void> {
  const { clear, unreadable } = await store.protectSecrets();
  if (clear.length > 0)
    logger.warn('passwords and tokens are stored in clear: set gatewayserver.secrets_key to encrypt them', {
      of: clear,
    });
  if (unreadable.length > 0)
    logger.error(
      'no key of gatewayserver.secrets_key opens these passwords and tokens: the backends are not probed, the steps fail',
      { of: unreadable },
    );
}
