import type { Client } from '@connectrpc/connect';
import type { Backend, SuiteService } from '@trino-gateway/api/gateway';
import { type Logger, longPolls } from '@trino-gateway/runtime';
import type { ConnectionState } from './connection-state.ts';

/** What is watched, and by whom. */
type Watching = {
  /** Watches one enabled backend from now on; `after` is the end of its previous watch. */
  watch: (backend: Backend, after: Promise<void> | undefined) => AsyncDisposable;
  /** This backend is no longer watched. */
  onRemoved: (backendId: string) => void;
};

export type BackendListOptions = Watching & {
  suite: Pick<Client<typeof SuiteService>, 'watchBackends'>;
  connection: ConnectionState;
  logger: Logger;
  /** The whole list, disabled backends too; called before what is watched changes. */
  onList: (backends: readonly Backend[]) => void;
  /** The gatewayserver answers again. */
  onReconnected: () => void;
};

/** How long the gatewayserver may hold an answer back. */
const WAIT_MS = 20_000;

/**
 * Follows the gatewayserver's list of backends and keeps the enabled ones watched. While the gatewayserver is away the
 * list stays as it is.
 */
export function watchBackendList(options: BackendListOptions): AsyncDisposable {
  const { suite, connection, logger, onList, onReconnected } = options;
  const watches = createWatches(options);
  let revision = '';
  let isAway = false;
  const polling = longPolls({
    name: 'watching the list of backends',
    ask: async (signal) => {
      const known = revision;
      const answer = await suite.watchBackends({ revision, waitMs: WAIT_MS }, { signal, timeoutMs: WAIT_MS + 5_000 });
      connection.succeeded('watching');
      if (answer.revision !== revision) {
        onList(answer.backends);
        watches.update(answer.backends);
      }
      revision = answer.revision;
      if (isAway) onReconnected();
      isAway = false;
      return known !== revision;
    },
    onFailure: (error) => {
      connection.failed('watching', error);
      isAway = true;
    },
    logger,
  });
  return {
    [Symbol.asyncDispose]: async () => {
      await polling[Symbol.asyncDispose]();
      await watches[Symbol.asyncDispose]();
    },
  };
}

/**
 * One watch per enabled backend. A backend that is added, enabled, or changed in what a probe depends on gets a new watch,
 * which probes at once. One that is removed or disabled is watched no longer: an administrator who took a cluster out may
 * switch it off.
 */
function createWatches({
  watch,
  onRemoved,
}: Watching): AsyncDisposable & { update(backends: readonly Backend[]): void } {
  const watches = new Map<string, { key: string; watch: AsyncDisposable }>();
  const ending = new Map<string, Promise<void>>();

  const end = (id: string, ended: AsyncDisposable) => {
    watches.delete(id);
    const end = Promise.resolve(ended[Symbol.asyncDispose]()).finally(() => {
      if (ending.get(id) === end) ending.delete(id);
    });
    ending.set(id, end);
  };
  return {
    update: (backends) => {
      const enabled = new Map(
        backends.filter(({ enabled }) => enabled !== false).map((backend) => [backend.id, backend]),
      );
      for (const [id, one] of [...watches]) {
        const backend = enabled.get(id);
        if (backend && probeKey(backend) === one.key) continue;
        end(id, one.watch);
        if (!backend) onRemoved(id);
      }
      for (const [id, backend] of enabled)
        if (!watches.has(id)) watches.set(id, { key: probeKey(backend), watch: watch(backend, ending.get(id)) });
    },
    [Symbol.asyncDispose]: async () => {
      for (const [id, one] of [...watches]) end(id, one.watch);
      await Promise.all(ending.values());
    },
  };
}

/** What a probe depends on: when it changes, earlier results no longer count. */
function probeKey({ url, forwardedHeaders, probe, tls }: Backend): string {
  const { kind, statement, user, password, token, tokenFile } = probe ?? {};
  return JSON.stringify([url, forwardedHeaders, kind, statement, user, password, token, tokenFile, tls]);
}
