import type { Client } from '@connectrpc/connect';
import type { SuiteService, WatchSnapshotResponse } from '@trino-gateway/api/gateway';
import {
  createOutageLog,
  databaseIsAway,
  describeError,
  gatewayserverOf,
  isUnreachable,
  type Logger,
  type LongPolls,
  longPolls,
  refusesToken,
} from '@trino-gateway/runtime';

/** Follows the configuration of the gatewayserver. */
export type ConfigurationWatch = AsyncDisposable & {
  /** Milliseconds since the gatewayserver last confirmed the configuration; undefined before it ever did. */
  ageMs(): number | undefined;
  /** Why the last call failed; undefined when it worked. */
  trouble(): string | undefined;
  /** The trouble, if it is a token that never worked: a mistake of the operator, which the state file must not hide. */
  mistake(): string | undefined;
};

export type ConfigurationWatchOptions = {
  suite: Pick<Client<typeof SuiteService>, 'watchSnapshot'>;
  /** How long the gatewayserver may hold a call. */
  waitMs: number;
  /** Whether `router.gatewayserver_token` is set: tells a missing token from a wrong one. */
  hasToken: boolean;
  /** Called with each snapshot that has another revision than the one before. */
  onSnapshot: (snapshot: WatchSnapshotResponse) => void;
  pauses?: LongPolls['pauses'];
  logger: Logger;
};

/** Begins to watch, whether the gatewayserver is there yet or not. */
export function watchConfiguration(options: ConfigurationWatchOptions): ConfigurationWatch {
  const { suite, waitMs, hasToken, onSnapshot, pauses, logger } = options;
  let revision = '';
  let confirmedAt: number | undefined;
  let trouble: string | undefined;
  let isTokenRefused = false;
  const outage = createOutageLog({ logger, recovered: 'the gatewayserver answers again' });

  const answered = (snapshot: WatchSnapshotResponse) => {
    confirmedAt = performance.now();
    outage.succeeded();
    trouble = undefined;
    if (snapshot.revision === revision) return;
    revision = snapshot.revision;
    onSnapshot(snapshot);
  };
  const failed = (error: unknown) => {
    const now = describeTrouble(error, hasToken);
    outage.failed(now, { gatewayserver: gatewayserverOf(error), error: describeError(error) });
    trouble = now;
    isTokenRefused = refusesToken(error);
  };
  const watching = longPolls({
    name: 'watching the gatewayserver',
    ask: async (signal) => {
      const known = revision;
      answered(await suite.watchSnapshot({ revision, waitMs }, { signal, timeoutMs: waitMs + 5_000 }));
      return known !== revision;
    },
    onFailure: failed,
    logger,
    pauses,
  });
  return {
    ageMs: () => (confirmedAt === undefined ? undefined : performance.now() - confirmedAt),
    trouble: () => trouble,
    mistake: () => (isTokenRefused && confirmedAt === undefined ? trouble : undefined),
    [Symbol.asyncDispose]: () => watching[Symbol.asyncDispose](),
  };
}

function describeTrouble(error: unknown, hasToken: boolean): string {
  if (refusesToken(error))
    return hasToken
      ? 'the gatewayserver refuses router.gatewayserver_token: expected its admin token (gatewayserver.admin_token)'
      : 'the gatewayserver requires a token: set router.gatewayserver_token to its admin token (gatewayserver.admin_token)';
  if (databaseIsAway(error)) return `the database of gatewayserver ${gatewayserverOf(error) ?? ''} does not answer`;
  if (isUnreachable(error)) return 'the gatewayserver does not answer (router.gatewayserver_url)';
  return 'the gatewayserver refuses to tell the configuration (router.gatewayserver_url)';
}
