/** What is looked at of an answer. */
type Answer = {
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  destroy(): unknown;
};

/** Gives up answers that nobody takes. Disposal ends that. */
export type UntakenAnswers = Disposable;

const TIMES = {
  /** As long as a client may take nothing in the middle of a page. */
  afterMs: 300_000,
  everyMs: 15_000,
};

/**
 * An answer is over for its handler once all of it is written; what the client has not taken of it waits in memory, and nothing else
 * tells of a client that is frozen, or whose host is gone: its connection stays as it is. Costs nothing where answers are taken.
 * @param underWay answers that have begun, or will
 */
export function giveUpUntaken(underWay: ReadonlySet<Answer>, times: Partial<typeof TIMES> = {}): UntakenAnswers {
  const { afterMs, everyMs } = { ...TIMES, ...times };
  let waiting = new Map<Answer, number>();
  const timer = setInterval(() => {
    const now = performance.now();
    const still = new Map<Answer, number>();
    for (const answer of underWay) {
      if (!answer.writableEnded || answer.writableFinished) continue;
      const since = waiting.get(answer) ?? now;
      if (now - since >= afterMs) answer.destroy();
      else still.set(answer, since);
    }
    waiting = still;
  }, everyMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
