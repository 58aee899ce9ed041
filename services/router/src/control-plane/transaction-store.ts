import { type Client, Code, ConnectError } from '@connectrpc/connect';
import type { SuiteService, Transaction } from '@trino-gateway/api/gateway';
import { type Logger, within } from '@trino-gateway/runtime';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { TransactionStore } from '../stickiness/transactions.ts';
import { createReliableReports } from './reports/reliable-reports.ts';
import { whileUnreachable } from './retry-unreachable.ts';

type Report = { id: string; coordinator: Coordinator | undefined; suffix?: string; holder?: Coordinator };

type Options = {
  suite: Pick<Client<typeof SuiteService>, 'recordTransaction' | 'endTransaction' | 'findTransaction'>;
  /** How long storing may delay the client. */
  recordLimitMs: number;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  logger: Logger;
};

/** For one call of `findTransaction`: short enough to try another replica within the wait. */
const FIND_LIMIT_MS = 2_500;

/** Open transactions, as the gatewayserver stores them for all routers. */
export function createTransactionStore(options: Options): TransactionStore & AsyncDisposable {
  const { suite, recordLimitMs, gatewayserverWaitMs: waitMs, logger } = options;
  const reports = createReliableReports<Report>({
    what: 'the state of a transaction',
    keyOf: ({ id }) => id,
    fields: ({ coordinator }) => ({ backend: coordinator?.backendId }),
    send: async (report) => {
      const { id, coordinator, suffix = '' } = report;
      if (coordinator === undefined) {
        await suite.endTransaction({ id }, { timeoutMs: recordLimitMs });
        return;
      }
      const request = { transaction: { id, ...coordinator, coordinatorId: suffix } };
      const { holder } = await suite.recordTransaction(request, { timeoutMs: recordLimitMs });
      if (holder !== undefined) report.holder = holderOf(holder);
    },
    logger,
  });
  return {
    recordTransaction: async (id, coordinator, suffix) => {
      const report: Report = { id, coordinator, suffix };
      await within(recordLimitMs, () => reports.report(report));
      return report.holder ?? coordinator;
    },
    findTransaction: (id, signal) =>
      whileUnreachable({ waitMs, callLimitMs: FIND_LIMIT_MS, signal }, async (timeoutMs) => {
        try {
          return holderOf(await suite.findTransaction({ id }, { signal, timeoutMs }));
        } catch (error) {
          if (ConnectError.from(error).code === Code.NotFound) return undefined;
          throw error;
        }
      }),
    endTransaction: (id) => void reports.report({ id, coordinator: undefined }),
    [Symbol.asyncDispose]: () => reports[Symbol.asyncDispose](),
  };
}

function holderOf({ backendId, url, forwardedHeaders }: Transaction): Coordinator {
  return { backendId, url, forwardedHeaders };
}
