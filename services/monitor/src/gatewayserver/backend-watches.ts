import type { Backend } from '@trino-gateway/api/gateway';

/** What is watched, and by whom. */
export type BackendWatchesOptions = {
  isWatched: (backend: Backend) => boolean;
  /** Watches one backend from now on; `after` is the end of its previous watch. */
  watch: (backend: Backend, after: Promise<void> | undefined) => AsyncDisposable;
  /** This backend is no longer watched. */
  onRemoved: (backendId: string) => void;
};

/** Watches of backends, one each. Disposal ends them. */
export type BackendWatches = AsyncDisposable & {
  /** Replaces the list. */
  update(backends: readonly Backend[]): void;
};

/**
 * None yet. A backend that comes to be watched, or changes in what a question to it depends on, gets a new watch, which asks at once.
 */
export function createBackendWatches({ isWatched, watch, onRemoved }: BackendWatchesOptions): BackendWatches {
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
      const watched = new Map(backends.filter(isWatched).map((backend) => [backend.id, backend]));
      for (const [id, one] of [...watches]) {
        const backend = watched.get(id);
        if (backend && accessKey(backend) === one.key) continue;
        end(id, one.watch);
        if (!backend) onRemoved(id);
      }
      for (const [id, backend] of watched)
        if (!watches.has(id)) watches.set(id, { key: accessKey(backend), watch: watch(backend, ending.get(id)) });
    },
    [Symbol.asyncDispose]: async () => {
      for (const [id, one] of [...watches]) end(id, one.watch);
      await Promise.all(ending.values());
    },
  };
}

/** What a question to a cluster depends on: when it changes, earlier answers no longer count. */
function accessKey({ url, forwardedHeaders, probe, tls }: Backend): string {
  const { kind, statement, user, password, token, tokenFile } = probe ?? {};
  return JSON.stringify([url, forwardedHeaders, kind, statement, user, password, token, tokenFile, tls]);
}
