/** Until when the whole of a submission must be done. */
export type Deadline = Disposable & {
  /** Aborted then, and when the client hangs up. */
  signal: AbortSignal;
  leftMs(): number;
};

/** From now on, in milliseconds. Disposal ends its timer. */
export function startDeadline(timeMs: number, client: AbortSignal): Deadline {
  const endsAt = performance.now() + timeMs;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), timeMs);
  return {
    signal: AbortSignal.any([client, giveUp.signal]),
    leftMs: () => endsAt - performance.now(),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
