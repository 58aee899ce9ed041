import { createSecretKey, type KeyObject } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  type AuthenticationCheck,
  authenticationCheck,
  type DelegatedAuthentication,
} from '@trino-gateway/api/authentication';
import {
  AdmissionService,
  type Incarnation,
  type RouteRequest,
  type RouteResponse,
  RoutingService,
  type SnapshotBackend,
  SnapshotBackendSchema,
  SuiteService,
  type Transaction,
  type WatchSnapshotResponse,
} from '@trino-gateway/api/gateway';
import {
  carryCalls,
  describeError,
  isUnreachable,
  type Logger,
  type LongPolls,
  longPolls,
  refusesToken,
} from '@trino-gateway/runtime';
import { keyOf, type Life, type Owner, type OwnershipTable } from '../stickiness/ownership.ts';
import type { TransactionStore } from '../stickiness/transactions.ts';
import { type AdmissionLink, createAdmissionLink } from './admission-client.ts';
import { createLiveReports } from './live-reports.ts';
import { createReliableReports } from './reliable-reports.ts';
import { whileUnreachable, within } from './retry-unreachable.ts';
import { createStateFile, type KnownBackend } from './state-file.ts';

/** What the data path of the router needs of the gatewayserver. */
export type GatewayLink = TransactionStore & {
  /** Why no submission can be accepted yet; undefined once there is a snapshot, from the gatewayserver or the state file. */
  notReady(): string | undefined;
  /**
   * Where a new query goes. Waits up to `router.gatewayserver_wait` for a gatewayserver that does not answer.
   * @throws GatewayUnavailableError when it did not answer in that time
   */
  route(
    request: Omit<RouteRequest, '$typeName' | '$unknown' | 'routerId' | 'countedUser'> & { countedUser?: string },
    signal: AbortSignal,
  ): Promise<RouteResponse>;
  /** A submission from `route` was given up, or is now counted as live: it no longer counts as started. */
  settle(submissionId: string): void;
  /** All backends of the snapshot, disabled ones too, by id. */
  backends(): ReadonlyMap<string, SnapshotBackend>;
  /** Where delegated authentication is asked for; undefined while that is not known. */
  authentication(): AuthenticationCheck | undefined;
  /** Signs links of refusals; undefined before the first snapshot. */
  refusalKey(): KeyObject | undefined;
  /**
   * Tells gatewayserver and state file of a suffix seen for the first time; resolves when stored or after 500 ms. False when
   * the gatewayserver knows that it is another backend's.
   */
  recordIncarnation(life: Life): Promise<boolean>;
  /** Slots and places in the queue. */
  admission: AdmissionLink;
};

/** The link with what the process around it needs. Disposal ends its loops and writes the state file. */
export type RunningGatewayLink = GatewayLink &
  AsyncDisposable & {
    /** Milliseconds since the gatewayserver last said what holds, or that nothing changed; undefined before it ever did. */
    snapshotAgeMs(): number | undefined;
  };

export type GatewayLinkOptions = {
  /** To the gatewayserver's replicas. */
  transport: Transport;
  /** Names this process in its reports; unique among routers. */
  routerId: string;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  /** `router.state_file`. */
  stateFile: string;
  /** Whether `router.gatewayserver_token` is set: tells a missing token from a wrong one. */
  hasToken: boolean;
  /** Fed with every snapshot. */
  ownership: OwnershipTable;
  /** Called when backends or lives have changed. */
  onChange?: () => void;
  /** Live queries by backend id. */
  liveCounts: () => ReadonlyMap<string, number>;
  /** Called with every call of `route` that was answered and its duration. */
  onRouted?: (durationMs: number) => void;
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS> & { watchPauses?: LongPolls['pauses'] };
};

const TIMINGS = {
  /** How long the gatewayserver may hold a watch. */
  watchWaitMs: 10_000,
  reportIntervalMs: 1_000,
  /** Suffixes are kept for days: once a minute is often enough. */
  usedSuffixesIntervalMs: 60_000,
  recordLimitMs: 500,
  recordTransactionLimitMs: 2_000,
};

/** One call of `findTransaction`; short enough that another replica gets its turn within the wait. */
const FIND_LIMIT_MS = 2_500;
const REPORT_LIMIT_MS = 2_000;

/** Reads the state file and begins to watch the gatewayserver, whether it is there yet or not. */
export function createGatewayLink(options: GatewayLinkOptions): RunningGatewayLink {
  const { transport, routerId, ownership, logger } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const suite = createClient(SuiteService, transport);
  const carried = carryCalls(transport, [RoutingService, AdmissionService], [AdmissionService.method.awaitTurn]);
  const routing = createClient(RoutingService, carried);
  let backends: ReadonlyMap<string, SnapshotBackend> = new Map();
  let refusalKey: KeyObject | undefined;
  let delegated: DelegatedAuthentication | undefined;
  let authentication: AuthenticationCheck | undefined;
  let revision = '';
  let confirmedAt: number | undefined;
  let trouble: string | undefined;
  let refused = false;

  const takeOver = (
    list: readonly SnapshotBackend[],
    lives: readonly Life[],
    key: Uint8Array,
    rules: DelegatedAuthentication | undefined,
  ) => {
    delegated = rules;
    authentication = rules && authenticationCheck(rules);
    backends = new Map(list.map((backend) => [backend.id, backend]));
    refusalKey = createSecretKey(key);
    ownership.replace(list, lives);
    options.onChange?.();
  };

  const stateFile = createStateFile(
    options.stateFile,
    () =>
      refusalKey && {
        refusalKey: refusalKey.export(),
        backends: [...backends.values()].map(knownBackendOf),
        lives: ownership.sharedLives(),
        ownLives: ownership.ownLives(),
        authentication: delegated,
      },
    logger,
  );
  const incarnations = createReliableReports<Life & { isRefused?: boolean }>({
    what: 'the address of a coordinator',
    keyOf,
    fields: ({ backendId, suffix }) => ({ backend: backendId, suffix }),
    send: async (life) => {
      const { suffix, backendId, url } = life;
      try {
        await suite.recordIncarnation({ suffix, backendId, url }, { timeoutMs: timings.recordLimitMs });
      } catch (error) {
        if (ConnectError.from(error).code !== Code.FailedPrecondition) throw error;
        life.isRefused = true;
        ownership.forget(life);
      }
    },
    logger,
  });
  const transactions = createReliableReports<{ id: string; owner: Owner | undefined; holder?: Owner }>({
    what: 'the state of a transaction',
    keyOf: ({ id }) => id,
    fields: ({ owner }) => ({ backend: owner?.backendId }),
    send: async (report) => {
      const { id, owner } = report;
      const timeoutMs = timings.recordTransactionLimitMs;
      if (owner === undefined) {
        await suite.endTransaction({ id }, { timeoutMs });
        return;
      }
      const { holder } = await suite.recordTransaction({ transaction: { id, ...owner } }, { timeoutMs });
      if (holder !== undefined) report.holder = ownerOf(holder);
    },
    logger,
  });
  const saved = stateFile.read();
  if (saved) {
    takeOver(saved.backends.map(snapshotBackendOf), saved.lives, saved.refusalKey, saved.authentication);
    for (const life of saved.ownLives) {
      ownership.restore(life);
      void incarnations.report(life);
    }
    logger.info('serving polls from router.state_file until the gatewayserver answers', {
      backends: saved.backends.length,
    });
  }

  const answered = (answer: WatchSnapshotResponse) => {
    confirmedAt = performance.now();
    if (trouble !== undefined) logger.info('the gatewayserver answers again');
    trouble = undefined;
    if (answer.revision === revision) return;
    revision = answer.revision;
    takeOver(answer.backends, answer.incarnations.map(lifeOf), answer.refusalKey, answer.authentication);
    stateFile.saveSoon();
  };
  const failed = (error: unknown) => {
    const now = describeTrouble(error, options.hasToken);
    if (now !== trouble) logger.warn(now, { error: describeError(error) });
    trouble = now;
    refused = refusesToken(error);
  };

  const watching = longPolls({
    name: 'watching the gatewayserver',
    ask: async (signal) => {
      const known = revision;
      const timeoutMs = timings.watchWaitMs + 5_000;
      answered(await suite.watchSnapshot({ revision, waitMs: timings.watchWaitMs }, { signal, timeoutMs }));
      return known !== revision;
    },
    onFailure: failed,
    logger,
    pauses: options.timings?.watchPauses,
  });

  const live = createLiveReports({
    send: async (report, signal) => {
      await suite.reportLiveQueries({ routerId, ...report }, { signal, timeoutMs: REPORT_LIMIT_MS });
    },
    liveCounts: options.liveCounts,
    ownership,
    intervalMs: timings.reportIntervalMs,
    usedSuffixesIntervalMs: timings.usedSuffixesIntervalMs,
    logger,
  });
  const { gatewayserverWaitMs } = options;
  const admission = createAdmissionLink({ transport: carried, routerId, gatewayserverWaitMs, logger });
  return {
    notReady: () => {
      // A token that never worked is a mistake, not an outage to get over with what the state file says.
      if (refused && confirmedAt === undefined) return trouble;
      if (refusalKey) return undefined;
      return trouble ?? 'no snapshot of the configuration yet: waiting for the gatewayserver';
    },
    route: (request, signal) =>
      whileUnreachable({ waitMs: gatewayserverWaitMs, signal }, async (timeoutMs) => {
        const began = performance.now();
        const answer = await routing.route({ ...request, routerId }, { signal, timeoutMs });
        options.onRouted?.(performance.now() - began);
        return answer;
      }),
    settle: live.settle,
    backends: () => backends,
    authentication: () => authentication,
    refusalKey: () => refusalKey,
    recordIncarnation: async (life) => {
      const report: Life & { isRefused?: boolean } = { ...life };
      await within(timings.recordLimitMs, Promise.all([incarnations.report(report), stateFile.save()]));
      return report.isRefused !== true;
    },
    recordTransaction: async (id, owner) => {
      const report: { id: string; owner: Owner; holder?: Owner } = { id, owner };
      await within(timings.recordTransactionLimitMs, transactions.report(report));
      return report.holder ?? owner;
    },
    findTransaction: (id, signal) =>
      whileUnreachable({ waitMs: gatewayserverWaitMs, callLimitMs: FIND_LIMIT_MS, signal }, async (timeoutMs) => {
        try {
          return ownerOf(await suite.findTransaction({ id }, { signal, timeoutMs }));
        } catch (error) {
          if (ConnectError.from(error).code === Code.NotFound) return undefined;
          throw error;
        }
      }),
    endTransaction: (id) => void transactions.report({ id, owner: undefined }),
    admission,
    snapshotAgeMs: () => (confirmedAt === undefined ? undefined : performance.now() - confirmedAt),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [watching, live, incarnations, transactions, admission].map((loop) => loop[Symbol.asyncDispose]()),
      );
      carried[Symbol.dispose]();
      await stateFile[Symbol.asyncDispose]();
    },
  };
}

function describeTrouble(error: unknown, hasToken: boolean): string {
  if (refusesToken(error))
    return hasToken
      ? 'the gatewayserver refuses router.gatewayserver_token: expected its admin token (gatewayserver.admin_token)'
      : 'the gatewayserver wants a token: set router.gatewayserver_token to its admin token (gatewayserver.admin_token)';
  if (isUnreachable(error)) return 'the gatewayserver does not answer (router.gatewayserver_url)';
  return 'the gatewayserver refuses to tell the configuration (router.gatewayserver_url)';
}

function knownBackendOf({
  id,
  url,
  forwardedHeaders,
  externalUrl,
  forwarding,
  limited,
  coordinatorId,
}: SnapshotBackend): KnownBackend {
  return { backendId: id, url, forwardedHeaders, externalUrl, forwarding, limited, coordinatorId };
}

function ownerOf({ backendId, url, forwardedHeaders }: Transaction): Owner {
  return { backendId, url, forwardedHeaders };
}

function lifeOf({ suffix, backendId, url, forwardedHeaders }: Incarnation): Life {
  return { suffix, backendId, url, forwardedHeaders };
}

function snapshotBackendOf({ backendId, ...settings }: KnownBackend): SnapshotBackend {
  return create(SnapshotBackendSchema, { id: backendId, ...settings });
}
