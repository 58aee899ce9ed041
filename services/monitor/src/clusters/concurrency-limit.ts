/** Bounds how many tasks run at the same time. */
export type ConcurrencyLimit = {
  /** Runs the task when its turn comes; throws the signal's reason when that is aborted before. */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
};

/**
 * At most `most` tasks run at the same time. One that takes longer than `countedMs` goes on but no longer counts: it only
 * waits for a cluster that is slow, and must not hold up the others.
 */
export function createConcurrencyLimit(most: number, countedMs: number): ConcurrencyLimit {
  let running = 0;
  const waiting = new Set<() => void>();
  const leave = () => {
    running -= 1;
    const [next] = waiting;
    next?.();
  };
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(start);
        reject(signal.reason);
      };
      const start = () => {
        waiting.delete(start);
        signal.removeEventListener('abort', giveUp);
        running += 1;
        resolve();
      };
      if (signal.aborted) return giveUp();
      if (running < most) return start();
      waiting.add(start);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  return {
    run: async (signal, task) => {
      await enter(signal);
      let counts = true;
      const leaveOnce = () => {
        if (counts) leave();
        counts = false;
      };
      const timer = setTimeout(leaveOnce, countedMs);
      try {
        return await task();
      } finally {
        clearTimeout(timer);
        leaveOnce();
      }
    },
  };
}
