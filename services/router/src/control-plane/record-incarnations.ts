import { type Client, Code, ConnectError } from '@connectrpc/connect';
import type { SuiteService } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { type Incarnation, keyOf } from '../stickiness/coordinator.ts';
import type { OwnershipTable } from '../stickiness/ownership.ts';
import { createReliableReports } from './reports/reliable-reports.ts';

/** Reports incarnations that were seen here first to the gatewayserver, until it has stored them. */
export type IncarnationReports = AsyncDisposable & {
  /** Resolves after the first attempt: false when the gatewayserver knows that the suffix is another backend's. */
  record(incarnation: Incarnation): Promise<boolean>;
};

type Report = Incarnation & { isRefused?: boolean };

type Deps = {
  suite: Pick<Client<typeof SuiteService>, 'recordIncarnation'>;
  /** Forgets what the gatewayserver refuses. */
  ownership: Pick<OwnershipTable, 'forget'>;
  callLimitMs: number;
  logger: Logger;
};

/** Nothing to report yet. */
export function createIncarnationReports({ suite, ownership, callLimitMs, logger }: Deps): IncarnationReports {
  const reports = createReliableReports<Report>({
    what: 'the address of a coordinator',
    keyOf,
    fields: ({ backendId, suffix }) => ({ backend: backendId, suffix }),
    send: async (report) => {
      const { suffix, backendId, url } = report;
      try {
        await suite.recordIncarnation({ suffix, backendId, url }, { timeoutMs: callLimitMs });
      } catch (error) {
        if (ConnectError.from(error).code !== Code.FailedPrecondition) throw error;
        report.isRefused = true;
        ownership.forget(report);
      }
    },
    logger,
  });
  return {
    record: async (incarnation) => {
      const report: Report = { ...incarnation };
      await reports.report(report);
      return report.isRefused !== true;
    },
    [Symbol.asyncDispose]: () => reports[Symbol.asyncDispose](),
  };
}
