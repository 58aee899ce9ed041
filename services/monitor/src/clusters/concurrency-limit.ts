/** Lets so many pieces of work begin at once. */
export type Slots = {
  /** Runs the work when its turn comes; throws the signal's reason when that is aborted before. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
};

/**
 * At most `most` pieces of work hold a slot. One that takes longer than `holdMs` goes on without it: it only waits for
 * somebody, and must not keep the others from their turn.
 */
export function createSlots(most: number, holdMs: number): Slots {
  let taken = 0;
  const waiting = new Set<() => void>();
  const release = () => {
    taken -= 1;
    const [next] = waiting;
    next?.();
  };
  const take = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.delete(go);
        reject(signal.reason);
      };
      const go = () => {
        waiting.delete(go);
        signal.removeEventListener('abort', leave);
        taken += 1;
        resolve();
      };
      if (signal.aborted) return leave();
      if (taken < most) return go();
      waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  return {
    run: async (signal, work) => {
      await take(signal);
      let held = true;
      const giveBack = () => {
        if (held) release();
        held = false;
      };
      const timer = setTimeout(giveBack, holdMs);
      try {
        return await work();
      } finally {
        clearTimeout(timer);
        giveBack();
      }
    },
  };
}
