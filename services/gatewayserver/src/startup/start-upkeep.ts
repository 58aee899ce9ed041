import { randomUUID } from 'node:crypto';
import type { GatewayserverConfig } from '@trino-gateway/config';
import { every, type Logger } from '@trino-gateway/runtime';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { purgeHistory } from '../history/purge.ts';
import type { Store } from '../storage/contract/store.ts';

const PRUNE_INTERVAL_MS = 3_600_000;
/** Trino ends idle transactions after minutes; one that is still open then was lost with its coordinator. */
const LONGEST_TRANSACTION_MS = 7 * 86_400_000;
const PURGE_INTERVAL_MS = 300_000;
/** Of the history of autoscaling. */
const EVENTS_KEPT = 10_000;

type Parts = {
  config: GatewayserverConfig;
  store: Store;
  configuration: ConfigurationCache;
  /** Called with the number of rows after each step of a purge. */
  onPurged: (rows: number) => void;
  logger: Logger;
  now: () => number;
  started: AsyncDisposableStack;
};

/** Deletes what is too old: former coordinators, lost transactions, events of autoscaling and history. */
export function startUpkeep({ config, store, configuration, onPurged, logger, now, started }: Parts): void {
  started.use(
    every(PRUNE_INTERVAL_MS, 'deleting former coordinators and their transactions', logger, () =>
      prune(store, configuration, config),
    ),
  );
  const { queries, duties } = store;
  const holder = randomUUID();
  started.use(
    every(PURGE_INTERVAL_MS, 'deleting old events of autoscaling', logger, () => store.scaling.prune(EVENTS_KEPT)),
  );
  started.use(
    every(PURGE_INTERVAL_MS, 'deleting old history', logger, (signal) => {
      const { history_max_age: maxAgeMs, history_max_count: maxCount } = config;
      return purgeHistory({ queries, duties, holder, maxAgeMs, maxCount, now, signal, onPurged, logger });
    }),
  );
}

/** Present incarnations of coordinators are noted as seen first. */
async function prune(
  { incarnations, transactions }: Store,
  { known }: ConfigurationCache,
  config: GatewayserverConfig,
): Promise<void> {
  const present = [...known.statuses.values()].map((status) => status.coordinatorId).filter((id) => id !== '');
  if (present.length > 0) await incarnations.touch(present, new Date());
  await incarnations.prune(new Date(Date.now() - config.incarnation_retention));
  await transactions.prune(new Date(Date.now() - LONGEST_TRANSACTION_MS));
}
