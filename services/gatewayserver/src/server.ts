import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { Declared, GatewayserverConfig } from '@trino-gateway/config';
import {
  type Address,
  every,
  type Handler,
  type Listener,
  type Logger,
  listenHttp,
  type RunningProcess,
  serveOps,
} from '@trino-gateway/runtime';
import { reportEnded } from './admission/background/report-ended.ts';
import { settleCompleted } from './admission/background/settle-completed.ts';
import { wakeByConfiguration } from './admission/background/wake-by-configuration.ts';
import { configuredLimits } from './admission/configured-limits.ts';
import { openLedger } from './admission/ledger/ledger.ts';
import type { QueueBounds } from './admission/rules/limits.ts';
import { ADMISSION_TIMES } from './admission/rules/times.ts';
import { serveApiPage } from './api-page/serve-api-page.ts';
import { type ConfigurationCache, openConfigurationCache } from './configuration/configuration-cache.ts';
import { declareObjects } from './configuration/declare-objects.ts';
import { createDecisions } from './decisions/decisions.ts';
import { createLoadCounts } from './decisions/load-counts.ts';
import { serveEvents } from './events/serve.ts';
import { purgeHistory } from './history/purge.ts';
import { keepUnmatchedReports } from './history/unmatched-reports.ts';
import { answerError } from './http/answer-error.ts';
import { catchErrors } from './http/catch-errors.ts';
import { refuseCrossSite } from './http/open-access.ts';
import { createMetrics } from './metrics.ts';
import { serveRest } from './rest/serve-rest.ts';
import { assess } from './routing/availability/availability.ts';
import { registerServices } from './rpc/register-services.ts';
import { createGuard, guardInterceptor, tokenGate } from './rpc/transport/interceptors.ts';
import { JSON_OPTIONS } from './rpc/transport/json-options.ts';
import { withOutgoingErrors } from './rpc/transport/outgoing-errors.ts';
import type { ConfigurationStore } from './storage/contract/configuration.ts';
import { isInMemory, measuredStore, migrateUp, openStore, type Store } from './storage/index.ts';

/** A gatewayserver that accepts work. */
export type RunningGatewayserver = RunningProcess & { readonly url: string; readonly opsUrl: string };

const MOST_REQUEST_BYTES = 64 * 1024 * 1024;
const MOST_HEAD_BYTES = 262_144;
const PRUNE_INTERVAL_MS = 3_600_000;
/** Trino ends idle transactions after minutes; what nobody ended here was lost with its coordinator. */
const LONGEST_TRANSACTION_MS = 7 * 86_400_000;
const PURGE_INTERVAL_MS = 300_000;
type NodeHandler = ReturnType<typeof connectNodeAdapter>;

/** Starts a gatewayserver: database, declared objects, snapshot, then the port. Port 0 binds any free one. */
export async function startGatewayserver(
  config: GatewayserverConfig,
  declared: Declared,
  logger: Logger,
): Promise<RunningGatewayserver> {
  await using started = new AsyncDisposableStack();
  const stopping = new AbortController();
  const now = () => Date.now();
  const live = createLoadCounts(now);
  let configuration: ConfigurationCache | undefined;
  const metrics = createMetrics({
    backendIds: () => configuration?.known.backends.keys() ?? [],
    isAvailable: (id) => {
      const facts = configuration?.snapshot().facts(id);
      return facts !== undefined && assess(facts, now(), config.load_max_age).available;
    },
    liveQueries: live.live,
    strategyOf: (id) => configuration?.known.groups.get(id)?.strategy,
  });
  let ready = false;
  const ops = started.use(
    await listenAs('gatewayserver.ops_listen', config.ops_listen, (address) =>
      serveOps(
        address,
        () => ({ ready: ready && !stopping.signal.aborted, reason: stopping.signal.aborted ? 'stopping' : 'starting' }),
        metrics.registry,
        logger,
        config.admin_token,
      ),
    ),
  );
  if (!config.admin_token) {
    const who = config.allow_open ? 'who reaches this port' : 'on this machine';
    logger.warn(`gatewayserver.admin_token is not set: everybody ${who} may read and change everything`);
  }
  const store = measuredStore(started.use(await openMigrated(config, logger)), metrics.countStore);
  await declareObjects(store.configuration, declared);
  await tellOfSecrets(store.configuration, logger);
  const kept = started.use(await openConfigurationCache({ store, logger, loadMaxAgeMs: config.load_max_age }));
  configuration = kept;
  started.use(
    every(PRUNE_INTERVAL_MS, 'forgetting former coordinators and their transactions', logger, () =>
      forget(store, kept, config),
    ),
  );
  const { history_max_age: maxAgeMs, history_max_count: maxCount } = config;
  const { queries, duties } = store;
  const holder = randomUUID();
  started.use(
    every(PURGE_INTERVAL_MS, 'deleting old history', logger, (signal) =>
      purgeHistory({ queries, duties, holder, maxAgeMs, maxCount, now, signal, onPurged: metrics.countPurged, logger }),
    ),
  );
  const cursors = new Map<string, number>();
  const queues = queueBounds(config);
  const limits = configuredLimits({ configuration: kept, live, queues, cursors, now, chance: Math.random });
  const endedReports = started.use(reportEnded(queries, logger));
  const ledger = started.use(
    openLedger({
      store: store.admission,
      limits,
      configuration: kept,
      times: { ...ADMISSION_TIMES, forgetMs: config.queue_client_timeout },
      stopping: stopping.signal,
      logger,
      onCommitted: (committed) => {
        metrics.admission.countCommitted(committed);
        endedReports.committed(committed);
      },
    }),
  );
  await ledger.run(() => undefined); // who waits is known before anybody asks
  started.use(wakeByConfiguration(kept, ledger));
  metrics.admission.watch({
    ledger,
    limits,
    groupIds: () => kept.known.groups.keys(),
    backendIds: () => kept.known.backends.keys(),
  });
  const decisions = createDecisions({
    configuration: kept,
    live,
    limits,
    ledger,
    cursors,
    defaultGroupId: config.default_group,
    isLimited: kept.isLimited,
    metadataNeverWaits: config.metadata_never_waits,
    now,
    chance: Math.random,
    onDecision: metrics.countDecision,
  });
  const signingKey = await store.suiteSecrets.signingKey();
  const guard = createGuard(logger, metrics.countCall);
  const context = {
    store,
    configuration: kept,
    live,
    decisions,
    ledger,
    limits,
    admissionMetrics: metrics.admission,
    unmatchedReports: started.use(keepUnmatchedReports(queries, logger)),
    onSuffixRefused: metrics.countSuffixRefused,
    signingKey,
    stopping: stopping.signal,
    logger,
    now,
  };
  // What is no call of Connect or gRPC: the first that knows the path answers.
  const completed = started.use(
    settleCompleted({
      ledger,
      isAnyLimited: () => kept.known.backends.keys().some(kept.isLimited),
      onSettled: (leases) => metrics.admission.countSettled('event', leases),
      logger,
    }),
  );
  const others = [
    serveApiPage(logger),
    serveEvents({ config, history: queries, metrics, onCompleted: completed.add, logger, started }),
  ];
  const handler = connectNodeAdapter({
    routes: (router) => {
      registerServices(router, context, guard);
      others.push(serveRest(router.handlers, logger, !config.admin_token));
    },
    requestGate: withOutgoingErrors(
      tokenGate({ admin: config.admin_token, read: config.read_token, openReads: config.open_reads }),
    ),
    interceptors: [guardInterceptor(guard)],
    jsonOptions: JSON_OPTIONS,
    readMaxBytes: MOST_REQUEST_BYTES,
    fallback: (request, response) => {
      if (!others.some((serve) => serve(request as IncomingMessage, response as ServerResponse)))
        answerUnknownPath(request, response);
    },
  }) as Handler;
  const guarded = config.admin_token ? handler : refuseCrossSite(handler, config.allow_open);
  const listener = started.use(
    await listenAs('gatewayserver.listen', config.listen, (address) =>
      listenHttp(address, catchErrors(guarded, logger), { maxHeaderBytes: MOST_HEAD_BYTES }),
    ),
  );
  started.defer(() => stopping.abort()); // disposed of first: held calls answer, /readyz says so
  ready = true;
  const running = started.move();
  return {
    url: listener.url,
    opsUrl: ops.url,
    readyLine: `gatewayserver ready on ${listener.url}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function openMigrated(config: GatewayserverConfig, logger: Logger): Promise<Store> {
  const { database_url: url, database_pool_size: poolSize, database_time_limit: timeLimitMs } = config;
  if (config.migrate_at_start && !isInMemory(url)) {
    const taken = await migrateUp(url);
    if (taken.length > 0) logger.info('the database schema was brought up to date', { migrations: taken });
  }
  return openStore({ url, poolSize, timeLimitMs, secretsKeys: config.secrets_key ?? [], logger });
}

async function tellOfSecrets(store: Pick<ConfigurationStore, 'protectSecrets'>, logger: Logger): Promise<void> {
  const { clear, unreadable } = await store.protectSecrets();
  if (clear.length > 0)
    logger.warn('probe passwords are stored in clear: set gatewayserver.secrets_key to encrypt them', {
      backends: clear,
    });
  if (unreadable.length > 0)
    logger.error('no key of gatewayserver.secrets_key opens these probe passwords: these backends are not probed', {
      backends: unreadable,
    });
}

function queueBounds(config: GatewayserverConfig): QueueBounds {
  return {
    maxQueued: config.queue_max_queued,
    maxQueuedInGroup: config.queue_max_queued_per_group,
    maxQueuedOfUser: config.queue_max_queued_per_user,
    maxBytes: config.queue_max_bytes,
    maxBytesInGroup: config.queue_max_bytes_per_group,
    maxBytesOfUser: config.queue_max_bytes_per_user,
  };
}

/** Forgets former lives of coordinators, the present ones are noted as seen first, and transactions nobody ended. */
async function forget(
  { incarnations, transactions }: Pick<Store, 'incarnations' | 'transactions'>,
  configuration: ConfigurationCache,
  config: GatewayserverConfig,
): Promise<void> {
  const present = [...configuration.known.statuses.values()]
    .map((status) => status.coordinatorId)
    .filter((id) => id !== '');
  if (present.length > 0) await incarnations.touch(present, new Date());
  await incarnations.prune(new Date(Date.now() - config.incarnation_retention));
  await transactions.prune(new Date(Date.now() - LONGEST_TRANSACTION_MS));
}

async function listenAs(
  key: string,
  address: Address,
  listen: (address: Address) => Promise<Listener>,
): Promise<Listener> {
  try {
    return await listen(address);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; change ${key}`);
  }
}

/** What is no call of ours gets an error of the same shape. */
const answerUnknownPath: NodeHandler = (request, response) => {
  const message = `nothing is served at ${request.method} ${path(request.url)}`;
  answerError(response as ServerResponse, 404, 'not_found', message);
};

function path(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0]?.slice(0, 200) ?? '/';
}
