import type { Logger } from '@trino-gateway/runtime';
import type { DataSource } from 'typeorm';
import { type Database, openDatabase } from './connection/database.ts';
import { withoutStatement } from './connection/failures.ts';
import { inTime, type Session } from './connection/session.ts';
import type { Configuration, Store } from './contract/store.ts';
import { connectPatiently } from './data-source.ts';
import { MEMORY, parseDatabaseUrl } from './engines/database-url.ts';
import { filesOpenToOthers } from './engines/private-files.ts';
import { migrateSource, pendingMigrations } from './migrate.ts';
import { type BackendRow, type ObjectRow, TABLES } from './schema/entities.ts';
import { admissionChanges, changeAdmission, pruneAdmission } from './tables/admission/entries.ts';
import { getSealed, putSealed } from './tables/admission/sealed-texts.ts';
import { putOverride, putSchedule, putStatus, readConditions } from './tables/conditions.ts';
import { configurationChange, readBackend, readGroup, readPolicy } from './tables/configuration/object-table.ts';
import { protectSecrets } from './tables/configuration/protect-secrets.ts';
import { createSecrets, type Secrets } from './tables/configuration/secrets.ts';
import { endDuty, holdDuty } from './tables/duties.ts';
import { pruneIncarnations, readIncarnations, recordIncarnation, touchIncarnations } from './tables/incarnations.ts';
import { purgeQueries, queryBehind } from './tables/queries/purge.ts';
import { completeQueries, getQuery, listQueries, recordQueries } from './tables/queries/queries.ts';
import { bumpRevision, readRevisions } from './tables/revisions.ts';
import { readRefusalKey } from './tables/signing-key.ts';
import { endTransaction, findTransaction, pruneTransactions, recordTransaction } from './tables/transactions.ts';

/** How the store is opened. */
export type StoreOptions = {
  /** See parseDatabaseUrl. */
  url: string;
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
  const { url, logger, poolSize = 10, timeLimitMs = 10_000, secretsKeys = [] } = options;
  const address = parseDatabaseUrl(url);
  const source = await connectPatiently(address, { poolSize, timeLimitMs });
  try {
    if (address.engine === 'sqlite' && address.file === MEMORY) await migrateSource(source);
    await inTime(requireSchema(source), 3 * timeLimitMs, 'did not tell its schema');
  } catch (error) {
    await source.destroy();
    throw withoutStatement(error);
  }
  logger.info('store opened', { engine: address.engine });
  if (address.engine === 'sqlite' && address.file !== MEMORY) await warnOfOpenFiles(address.file, logger);
  return storeOn(openDatabase(source, timeLimitMs), createSecrets(secretsKeys));
}

async function warnOfOpenFiles(file: string, logger: Logger): Promise<void> {
  const files = await filesOpenToOthers(file);
  if (files.length > 0)
    logger.warn('others on this machine can read the database: its files are not ours to change', { files });
}

async function requireSchema(source: DataSource): Promise<void> {
  const pending = await pendingMigrations(source);
  if (pending.length > 0)
    throw new Error(`the database schema is not up to date, run migrate up; pending: ${pending.join(', ')}`);
}

function storeOn(database: Database, secrets: Secrets): Store {
  let refusalKey: Uint8Array | undefined;
  return {
    async ping() {
      await database.read(({ manager }) => manager.query('SELECT 1'));
    },
    revisions: () => database.read(readRevisions),
    configuration: () =>
      database.snapshot(async (session) => {
        const { configuration } = await readRevisions(session);
        return { revision: configuration, ...(await readConfiguration(session, secrets)) };
      }),
    conditions: () =>
      database.snapshot(async (session) => {
        const { conditions } = await readRevisions(session);
        return { revision: conditions, ...(await readConditions(session)) };
      }),
    incarnations: () =>
      database.snapshot(async (session) => {
        const { incarnations } = await readRevisions(session);
        return { revision: incarnations, incarnations: await readIncarnations(session) };
      }),
    changeConfiguration: (work) =>
      database.transaction(async (session) => {
        await bumpRevision(session, 'configuration');
        return work(configurationChange(session, secrets));
      }),
    protectSecrets: () => protectSecrets(database, secrets),
    putStatus: (status) => putStatus(database, status),
    putSchedule: (schedule) => putSchedule(database, schedule),
    putOverride: (backendId, override) => putOverride(database, backendId, override),
    recordIncarnation: (incarnation) => recordIncarnation(database, incarnation),
    touchIncarnations: (suffixes, at) => touchIncarnations(database, suffixes, at),
    pruneIncarnations: (before) => pruneIncarnations(database, before),
    recordTransaction: (transaction, startedAt) => recordTransaction(database, transaction, startedAt),
    findTransaction: (id) => findTransaction(database, id),
    endTransaction: (id) => endTransaction(database, id),
    pruneTransactions: (before) => pruneTransactions(database, before),
    async refusalKey() {
      refusalKey ??= await readRefusalKey(database);
      return refusalKey;
    },
    recordQueries: (queries) => recordQueries(database, queries),
    completeQueries: (reports) => completeQueries(database, reports),
    getQuery: (id) => getQuery(database, id),
    listQueries: (filter) => listQueries(database, filter),
    queryBehind: (position, count) => queryBehind(database, position, count),
    purgeQueries: (upTo, most) => purgeQueries(database, upTo, most),
    admissionChanges: (since) => admissionChanges(database, since),
    changeAdmission: (since, work) => changeAdmission(database, since, work),
    putSealed: (text) => putSealed(database, text),
    getSealed: (queryId, part) => getSealed(database, queryId, part),
    pruneAdmission: (ms) => pruneAdmission(database, ms),
    holdDuty: (name, holder, ms) => holdDuty(database, name, holder, ms),
    endDuty: (name, holder) => endDuty(database, name, holder),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function readConfiguration({ manager }: Session, secrets: Secrets): Promise<Configuration> {
  const order = { id: 'ASC' } as const;
  const backends = await manager.getRepository<BackendRow>(TABLES.backends).find({ order });
  const groups = await manager.getRepository<ObjectRow>(TABLES.groups).find({ order });
  const policies = await manager.getRepository<ObjectRow>(TABLES.policies).find({ order });
  return {
    backends: backends.map((row) => readBackend(row, secrets)),
    groups: groups.map(readGroup),
    policies: policies.map(readPolicy),
  };
}
