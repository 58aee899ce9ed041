/** Calls back at a time, a little before it: those of one moment together, so that the process wakes up once for all of them. */
export type DueTimes = {
  /** Calls back after at most `ms` milliseconds. Returns what ends that. */
  after(ms: number, callBack: () => void): () => void;
};

/** Nothing is due. */
export function createDueTimes(stepMs: number, now: () => number = () => performance.now()): DueTimes {
  const steps = new Map<number, Set<() => void>>();
  const open = (step: number): Set<() => void> => {
    const due = new Set<() => void>();
    steps.set(step, due);
    setTimeout(
      () => {
        steps.delete(step);
        for (const callBack of due) callBack();
      },
      Math.max(1, step * stepMs - now()),
    ).unref();
    return due;
  };
  return {
    after: (ms, callBack) => {
      const step = Math.floor((now() + ms) / stepMs);
      const due = steps.get(step) ?? open(step);
      due.add(callBack);
      return () => due.delete(callBack);
    },
  };
}
