import { describeError, every, isUnreachable, type Logger, refusesToken } from '@trino-gateway/runtime';

/** Tells the gatewayserver of what must not be lost, again and again until it has stored it. */
export type LastingReports<Report> = AsyncDisposable & {
  /**
   * Takes the place of what waits under the same key. Resolves when the gatewayserver has stored it, or the first attempt
   * failed; it is then tried again later.
   */
  report(report: Report): Promise<void>;
};

export type LastingReportsOptions<Report> = {
  /** What is reported, for log lines: "the address of a coordinator". */
  what: string;
  send: (report: Report) => Promise<void>;
  keyOf: (report: Report) => string;
  /** What a log line says of one the gatewayserver refuses. */
  fields: (report: Report) => Record<string, unknown>;
  /** Time between attempts; default 1 s. */
  retryMs?: number;
  logger: Logger;
};

/** Beyond it the oldest is given up: this router still knows it. */
const MOST_WAITING = 10_000;

/** Nothing to tell yet. */
export function createLastingReports<Report>({
  what,
  send,
  keyOf,
  fields,
  retryMs = 1_000,
  logger,
}: LastingReportsOptions<Report>): LastingReports<Report> {
  const waiting = new Map<string, Report>();
  /** False when the gatewayserver cannot be reached: there is no point in trying the next one. */
  const attempt = async (report: Report): Promise<boolean> => {
    try {
      await send(report);
    } catch (error) {
      if (isUnreachable(error) || refusesToken(error)) return false;
      logger.warn(`the gatewayserver does not accept ${what}`, { ...fields(report), error: describeError(error) });
    }
    const key = keyOf(report);
    if (waiting.get(key) === report) waiting.delete(key);
    return true;
  };
  const retrying = every(retryMs, `reporting ${what}`, logger, async (signal) => {
    for (const report of [...waiting.values()]) if (signal.aborted || !(await attempt(report))) return;
  });
  return {
    report: async (report) => {
      waiting.set(keyOf(report), report);
      const [oldest] = waiting.keys();
      if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest);
      await attempt(report);
    },
    [Symbol.asyncDispose]: () => retrying[Symbol.asyncDispose](),
  };
}
