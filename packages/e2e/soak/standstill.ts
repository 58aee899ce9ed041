const LOOK_MS = 100;

/** How long this process did nothing at a time. Disposal ends the watch. */
export type Standstill = Disposable & { longestMs(): number };

/** Looks from now on. A machine that was stopped, or a long garbage collection, explains what clients and clusters then say. */
export function watchStandstill(now: () => number = Date.now): Standstill {
  let [last, longest] = [now(), 0];
  const timer = setInterval(() => {
    const at = now();
    longest = Math.max(longest, at - last - LOOK_MS);
    last = at;
  }, LOOK_MS).unref();
  return { longestMs: () => longest, [Symbol.dispose]: () => clearInterval(timer) };
}
