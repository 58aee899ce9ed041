import type { GatewayserverConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import { reportEnded } from '../admission/background/report-ended.ts';
import { wakeByConfiguration } from '../admission/background/wake-by-configuration.ts';
import { type SpillOverTimer, wakeForSpillOver } from '../admission/background/wake-for-spill-over.ts';
import { type ConfiguredLimits, configuredLimits } from '../admission/configured-limits.ts';
import { type Ledger, openLedger } from '../admission/ledger/ledger.ts';
import type { QueueBounds } from '../admission/limits/limits.ts';
import type { AdmissionMetrics } from '../admission/metrics.ts';
import { ADMISSION_TIMES } from '../admission/rules/times.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import type { LoadCounts } from '../decisions/load-counts.ts';
import type { Store } from '../storage/contract/store.ts';

type Parts = {
  config: GatewayserverConfig;
  store: Pick<Store, 'admission' | 'queries'>;
  configuration: ConfigurationCache;
  live: LoadCounts;
  /** Round robin: how many choices were made in each group; decisions count on. */
  cursors: Map<string, number>;
  metrics: AdmissionMetrics;
  logger: Logger;
  now: () => number;
  /** Aborted when the process stops. */
  stopping: AbortSignal;
  started: AsyncDisposableStack;
};

/** Slots and queues, with the limits in force. The state is read when this resolves. */
export async function openAdmission(parts: Parts): Promise<{ ledger: Ledger; limits: ConfiguredLimits }> {
  const { config, store, configuration, live, cursors, metrics, logger, now, stopping, started } = parts;
  const queues = queueBounds(config);
  const limits = configuredLimits({
    ...{ configuration, live, queues, cursors, now },
    outageWaitMs: () => config.outage_wait,
    chance: Math.random,
  });
  const endedReports = started.use(reportEnded(store.queries, logger));
  let spillOverTimer: SpillOverTimer | undefined;
  const ledger = started.use(
    openLedger({
      store: store.admission,
      limits,
      configuration,
      times: {
        ...ADMISSION_TIMES,
        get forgetMs() {
          return config.queue_client_timeout;
        },
      },
      stopping,
      logger,
      onCommitted: (committed) => {
        metrics.countCommitted(committed);
        endedReports.committed(committed);
        spillOverTimer?.committed();
      },
    }),
  );
  spillOverTimer = started.use(wakeForSpillOver(ledger, limits));
  await ledger.run(() => undefined);
  started.use(wakeByConfiguration(configuration, ledger));
  metrics.watch({
    ledger,
    limits,
    groupIds: () => configuration.known.groups.keys(),
    backendIds: () => configuration.known.backends.keys(),
  });
  return { ledger, limits };
}

/** As they are configured at any moment. */
function queueBounds(config: GatewayserverConfig): QueueBounds {
  return {
    get maxQueued() {
      return config.queue_max_queued;
    },
    get maxQueuedInGroup() {
      return config.queue_max_queued_per_group;
    },
    get maxQueuedOfUser() {
      return config.queue_max_queued_per_user;
    },
    get maxBytes() {
      return config.queue_max_bytes;
    },
    get maxBytesInGroup() {
      return config.queue_max_bytes_per_group;
    },
    get maxBytesOfUser() {
      return config.queue_max_bytes_per_user;
    },
  };
}
