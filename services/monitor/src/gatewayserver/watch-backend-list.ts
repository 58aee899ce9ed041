import type { Client } from '@connectrpc/connect';
import type { Backend, SuiteService } from '@trino-gateway/api/gateway';
import { type Logger, longPolls } from '@trino-gateway/runtime';
import type { Standing } from './connection-state.ts';

/** What keeping the list of backends needs. */
export type WatchOptions = {
  suite: Pick<Client<typeof SuiteService>, 'watchBackends'>;
  standing: Standing;
  logger: Logger;
  /** Watches one enabled backend from now on; `after` is the end of the watch before it. */
  watch: (backend: Backend, after: Promise<void> | undefined) => AsyncDisposable;
  /** The whole list, disabled backends too; called before what is watched changes. */
  onList: (backends: readonly Backend[]) => void;
  /** The gatewayserver answers again. */
  onBack: () => void;
  /** This backend is no longer watched. */
  onGone: (backendId: string) => void;
};

/** How long the gatewayserver may hold an answer back. */
const WAIT_MS = 20_000;

type Watched = { key: string; watch: AsyncDisposable };

/**
 * Keeps the backends the gatewayserver names watched. One that is added, enabled, or changed in what a probe depends on
 * is watched anew, which means looked at at once; one that is removed or disabled is watched no longer: a cluster that
 * an administrator took out may be switched off, and nobody wants to know. While the gatewayserver is away the list
 * stays as it is.
 */
export function keepWatching(options: WatchOptions): AsyncDisposable {
  const { suite, standing, logger, watch, onList, onBack, onGone } = options;
  const watched = new Map<string, Watched>();
  const ending = new Map<string, Promise<void>>();
  let revision = '';

  const end = (id: string, { watch }: Watched) => {
    watched.delete(id);
    const ended = Promise.resolve(watch[Symbol.asyncDispose]()).finally(() => {
      if (ending.get(id) === ended) ending.delete(id);
    });
    ending.set(id, ended);
  };
  const takeOver = (backends: readonly Backend[]) => {
    onList(backends);
    const wanted = new Map(backends.filter(({ enabled }) => enabled !== false).map((backend) => [backend.id, backend]));
    for (const [id, one] of [...watched]) {
      const backend = wanted.get(id);
      if (backend && keyOf(backend) === one.key) continue;
      end(id, one);
      if (!backend) onGone(id);
    }
    for (const [id, backend] of wanted)
      if (!watched.has(id)) watched.set(id, { key: keyOf(backend), watch: watch(backend, ending.get(id)) });
  };

  let isAway = false;
  const polling = longPolls({
    name: 'watching the list of backends',
    ask: async (signal) => {
      const known = revision;
      const answer = await suite.watchBackends({ revision, waitMs: WAIT_MS }, { signal, timeoutMs: WAIT_MS + 5_000 });
      standing.works('watching');
      if (answer.revision !== revision) takeOver(answer.backends);
      revision = answer.revision;
      if (isAway) onBack();
      isAway = false;
      return known !== revision;
    },
    onFailure: (error) => {
      standing.fails('watching', error);
      isAway = true;
    },
    logger,
  });
  return {
    [Symbol.asyncDispose]: async () => {
      await polling[Symbol.asyncDispose]();
      for (const [id, one] of [...watched]) end(id, one);
      await Promise.all(ending.values());
    },
  };
}

/** What a probe depends on: when it differs, what was found before says nothing. */
function keyOf({ url, forwardedHeaders, probe }: Backend): string {
  return JSON.stringify([url, forwardedHeaders, probe?.statement, probe?.user, probe?.password]);
}
