import { describeError, every, isUnreachable, type Logger, refusesToken } from '@trino-gateway/runtime';
import { keyOf, type Life } from './ownership.ts';

/** Tells the gatewayserver of lives learnt here, again and again until it has stored them. */
export type IncarnationReports = AsyncDisposable & {
  /** Resolves when the gatewayserver has stored it, or the first attempt failed; it is then tried again later. */
  report(life: Life): Promise<void>;
};

export type IncarnationReportsOptions = {
  send: (life: Life) => Promise<void>;
  /** Time between attempts; default 1 s. */
  retryMs?: number;
  logger: Logger;
};

/** Beyond it the oldest is given up: its queries stay reachable through this router. */
const MOST_WAITING = 10_000;

/** Nothing to tell yet. */
export function createIncarnationReports({
  send,
  retryMs = 1_000,
  logger,
}: IncarnationReportsOptions): IncarnationReports {
  const waiting = new Map<string, Life>();
  /** False when the gatewayserver cannot be reached: there is no point in trying the next one. */
  const attempt = async (life: Life): Promise<boolean> => {
    try {
      await send(life);
    } catch (error) {
      if (isUnreachable(error) || refusesToken(error)) return false;
      logger.warn('the gatewayserver does not accept the address of a coordinator', {
        backend: life.backendId,
        suffix: life.suffix,
        error: describeError(error),
      });
    }
    waiting.delete(keyOf(life));
    return true;
  };
  const retrying = every(retryMs, 'recording coordinators', logger, async (signal) => {
    for (const life of [...waiting.values()]) if (signal.aborted || !(await attempt(life))) return;
  });
  return {
    report: async (life) => {
      waiting.set(keyOf(life), life);
      const [oldest] = waiting.keys();
      if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest);
      await attempt(life);
    },
    [Symbol.asyncDispose]: () => retrying[Symbol.asyncDispose](),
  };
}
