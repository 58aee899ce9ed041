import type { Declared, GatewayserverConfig } from '@trino-gateway/config';
import {
  type CertificateExpiry,
  createCertificateExpiry,
  createProbeTokens,
  createTlsPools,
  type Logger,
  listenHttp,
  logTlsProblems,
  type RunningProcess,
  serveOps,
} from '@trino-gateway/runtime';
import { tlsAgents } from '@trino-gateway/trino/client';
import { type ConfigurationCache, openConfigurationCache } from './configuration/configuration-cache.ts';
import { declareObjects } from './configuration/declare-objects.ts';
import { type MonitorWatch, watchMonitor } from './configuration/monitor-watch.ts';
import { createDecisions } from './decisions/decisions.ts';
import { createLoadCounts, type LoadCounts } from './decisions/load-counts.ts';
import { createStepHits, type StepHits } from './decisions/step-hits.ts';
import { openDrains } from './drain/proving/drains.ts';
import { keepUnmatchedReports } from './history/unmatched-reports.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createDraftChains } from './replay/draft-chains.ts';
import { assess } from './routing/availability/availability.ts';
import { openReports } from './routing/availability/connections.ts';
import { stepKinds } from './routing/steps/registry.ts';
import type { RpcContext } from './rpc/services/context.ts';
import { watchLead } from './scaling/watch-lead.ts';
import { createHandler } from './startup/create-handler.ts';
import { followApiTls } from './startup/follow-api-tls.ts';
import { listenAt } from './startup/listen-at.ts';
import { openAdmission } from './startup/open-admission.ts';
import { openDatabase } from './startup/open-database.ts';
import { startUpkeep } from './startup/start-upkeep.ts';
import { storeStepHits } from './startup/store-step-hits.ts';
import { createStepTools } from './step-tools/step-tools.ts';

/** A gatewayserver that accepts work. */
export type RunningGatewayserver = RunningProcess & {
  readonly url: string;
  readonly opsUrl: string;
  /** Stores what a configuration file declares now, and puts it in force. All of it, or when this rejects nothing. */
  declare(declared: Declared): Promise<void>;
};

const MOST_HEAD_BYTES = 262_144;

/** Starts a gatewayserver: database, declared objects, configuration, admission, then the port. Port 0 binds any free one. */
export async function startGatewayserver(
  config: GatewayserverConfig,
  declared: Declared,
  logger: Logger,
): Promise<RunningGatewayserver> {
  await using started = new AsyncDisposableStack();
  const stopping = new AbortController();
  let ready = false;
  let announced = false;
  const core = createCore(config);
  const ops = started.use(
    await listenAt('gatewayserver.ops_listen', config.ops_listen, (address) => {
      const readiness = () => {
        if (announced || stopping.signal.aborted) return { ready: false, reason: 'stopping' };
        if (!ready) return { ready: false, reason: 'starting' };
        const problem = core.problem();
        return { ready: true, ...(problem !== undefined && { reason: problem }) };
      };
      return serveOps(address, readiness, core.metrics.registry, logger, config.admin_token);
    }),
  );
  warnIfOpen(config, logger);
  const { registry } = core.metrics;
  const expiry = started.use(createCertificateExpiry({ service: 'gatewayserver', registry, logger }));
  const tls = await followApiTls(config, { logger, expiry, started });
  const context = await openContext(core, { config, declared, logger, expiry, stopping: stopping.signal, started });
  const handler = createHandler(context, { config, metrics: core.metrics, started });
  const listener = started.use(
    await listenAt('gatewayserver.listen', config.listen, (address) =>
      listenHttp(address, handler, { maxHeaderBytes: MOST_HEAD_BYTES, tls }),
    ),
  );
  started.defer(() => stopping.abort()); // disposed of first: long polls answer, /readyz says so
  ready = true;
  const running = started.move();
  return {
    url: listener.url,
    opsUrl: ops.url,
    declare: async (next) => {
      await declareObjects(context.store.configuration, next);
      await context.configuration.refresh();
    },
    readyLine: `gatewayserver ready on ${listener.url}`,
    announceStop: () => {
      announced = true;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What exists before the database is open, as metrics are scraped from the start. */
type Core = {
  now: () => number;
  live: LoadCounts;
  stepHits: StepHits;
  metrics: Metrics;
  configuration?: ConfigurationCache;
  monitor?: MonitorWatch;
  problem(): string | undefined;
};

function createCore(config: GatewayserverConfig): Core {
  const now = () => Date.now();
  const live = createLoadCounts(now);
  const stepHits = createStepHits(now);
  const metrics = createMetrics({
    backendIds: () => core.configuration?.known.backends.keys() ?? [],
    isAvailable: (id) => {
      const facts = core.configuration?.snapshot().facts(id);
      return facts !== undefined && assess(facts, now(), config.load_max_age).available;
    },
    failingRouters: (id) => {
      const { backend, connections = [] } = core.configuration?.snapshot().facts(id) ?? {};
      return openReports({ url: backend?.url ?? '', reports: connections }).length;
    },
    liveQueries: live.live,
    monitorAgeMs: () => core.monitor?.ageMs(),
    isMonitorSilent: () => core.monitor?.problem() !== undefined,
    strategyOf: (id) => core.configuration?.known.groups.get(id)?.strategy,
    stepTotals: stepHits.totals,
  });
  const problem = () => {
    const since = core.configuration?.staleSince();
    if (since !== undefined) return `the database does not answer since ${new Date(since).toISOString()}`;
    return core.monitor?.problem();
  };
  const core: Core = { now, live, stepHits, metrics, problem };
  return core;
}

function warnIfOpen(config: GatewayserverConfig, logger: Logger): void {
  if (config.admin_token) return;
  const who = config.allow_open ? 'who reaches this port' : 'on this machine';
  logger.warn(`gatewayserver.admin_token is not set: everybody ${who} may read and change everything`);
}

type Start = {
  config: GatewayserverConfig;
  declared: Declared;
  logger: Logger;
  expiry: CertificateExpiry;
  stopping: AbortSignal;
  started: AsyncDisposableStack;
};

/** Opens what the services work with, from the database upwards. */
async function openContext(core: Core, start: Start): Promise<RpcContext> {
  const { now, live, stepHits, metrics } = core;
  const { config, declared, logger, expiry, stopping, started } = start;
  const store = await openDatabase(config, declared, logger, { countStore: metrics.countStore, expiry, started });
  const clusterPools = started.use(createTlsPools({ ...tlsAgents, onProblem: logTlsProblems(logger) }));
  const stepTools = createStepTools(async (tls) => tls && (await clusterPools.known(tls)), metrics.questions);
  const configuration = started.use(
    await openConfigurationCache({ store, logger, loadMaxAgeMs: config.load_max_age, stepTools }),
  );
  core.configuration = configuration;
  const { known } = configuration;
  const lead = started.use(watchLead({ known, scaling: store.scaling, logger }));
  metrics.scaling.watch({ known, isLed: lead.isLed });
  core.monitor = started.use(watchMonitor({ known, silentAfterMs: config.load_max_age, logger, now }));
  startUpkeep({ config, store, configuration, onPurged: metrics.countPurged, logger, now, started });
  started.use(storeStepHits({ stepHits, store: store.routingHits, logger, now }));
  const cursors = new Map<string, number>();
  const { ledger, limits } = await openAdmission({
    config,
    store,
    configuration,
    live,
    cursors,
    metrics: metrics.admission,
    logger,
    now,
    stopping,
    started,
  });
  const decisions = createDecisions({
    configuration,
    live,
    limits,
    ledger,
    cursors,
    keys: config,
    isLimited: configuration.isLimited,
    now,
    chance: Math.random,
    onHits: stepHits.count,
    groupMetrics: metrics.admission.groups,
    onDecision: metrics.countDecision,
  });
  return {
    store,
    configuration,
    live,
    decisions,
    drains: started.use(
      openDrains({
        ...{ store, ledger, configuration, logger, stopping, now },
        servedSince: now(),
        clientTimeoutMs: () => config.drain_client_timeout,
      }),
    ),
    drafts: started.use(createDraftChains(stepKinds, stepTools)),
    ledger,
    limits,
    admissionMetrics: metrics.admission,
    unmatchedReports: started.use(keepUnmatchedReports(store.queries, logger)),
    clusterPools,
    probeTokens: createProbeTokens({ path: config.token_folder, key: 'gatewayserver.token_folder' }),
    onSuffixRefused: metrics.countSuffixRefused,
    onScalingEvents: metrics.scaling.countEvents,
    signingKey: await store.suiteSecrets.signingKey(),
    stopping,
    logger,
    now,
  };
}
