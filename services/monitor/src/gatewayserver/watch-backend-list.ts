import type { Client } from '@connectrpc/connect';
import type { Backend, SuiteService } from '@trino-gateway/api/gateway';
import { type Logger, longPolls } from '@trino-gateway/runtime';
import { type BackendWatchesOptions, createBackendWatches } from './backend-watches.ts';
import type { ConnectionState } from './connection-state.ts';

export type BackendListOptions = Omit<BackendWatchesOptions, 'isWatched'> & {
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
  // An administrator who disabled a cluster may switch it off.
  const watches = createBackendWatches({ ...options, isWatched: ({ enabled }) => enabled !== false });
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
