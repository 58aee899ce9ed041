/** Callbacks by the waiter they are about. */
export type Listeners = {
  /** @returns what ends it */
  add(id: string, wake: () => void): () => void;
  wake(ids: Iterable<string>): void;
  wakeAll(): void;
  size(): number;
};

/** None. */
export function createListeners(): Listeners {
  const listeners = new Map<string, Set<() => void>>();
  return {
    add(id, wake) {
      const calls = listeners.get(id) ?? new Set();
      listeners.set(id, calls.add(wake));
      return () => {
        calls.delete(wake);
        if (calls.size === 0 && listeners.get(id) === calls) listeners.delete(id);
      };
    },
    wake(ids) {
      if (listeners.size === 0) return;
      for (const id of ids) for (const call of listeners.get(id) ?? []) call();
    },
    wakeAll: () => {
      for (const calls of [...listeners.values()]) for (const call of calls) call();
    },
    size: () => listeners.size,
  };
}
