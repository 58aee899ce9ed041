import { createDelivery, describeError, every, isUnreachable, type Logger, refusesToken } from '@trino-gateway/runtime';

/** Reports what must not be lost to the gatewayserver, repeatedly until it is stored. */
export type ReliableReports<Report> = AsyncDisposable & {
  /**
   * Takes the place of what waits under the same key. Resolves when the gatewayserver has stored it, or the first attempt
   * failed; it is then tried again later.
   */
  report(report: Report): Promise<void>;
};

export type ReliableReportsOptions<Report> = {
  /** What is reported, for log lines: "the address of a coordinator". */
  what: string;
  send: (report: Report) => Promise<void>;
  keyOf: (report: Report) => string;
  /** The fields of the log line when the gatewayserver refuses it. */
  fields: (report: Report) => Record<string, unknown>;
  logger: Logger;
};

/** Beyond it the oldest is given up: this router still knows it. */
const MOST_WAITING = 10_000;
const RETRY_MS = 1_000;

/** Nothing to report yet. */
export function createReliableReports<Report>({
  what,
  send,
  keyOf,
  fields,
  logger,
}: ReliableReportsOptions<Report>): ReliableReports<Report> {
  const delivery = createDelivery<Report>({
    send: async ([report]) => {
      if (report !== undefined) await send(report);
    },
    repeat: (run) => every(RETRY_MS, `reporting ${what}`, logger, run),
    keyOf,
    most: MOST_WAITING,
    batch: 1,
    isRefused: (error) => !isUnreachable(error) && !refusesToken(error),
    onRefused: (report, error) =>
      logger.warn(`the gatewayserver does not accept ${what}`, { ...fields(report), error: describeError(error) }),
  });
  return { report: delivery.sendNow, [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose]() };
}
