const AGAIN_AFTER_MS = 60_000;

/** Calls `say` at most once a minute, however often it is called itself: many clients must not fill the log. */
export function onceAMinute(say: () => void, now: () => number): () => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - saidAt < AGAIN_AFTER_MS) return;
    saidAt = now();
    say();
  };
}
