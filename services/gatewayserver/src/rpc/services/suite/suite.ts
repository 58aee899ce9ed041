import type { ServiceImpl } from '@connectrpc/connect';
import type { SuiteService } from '@trino-gateway/api/gateway';
import { VERSION } from '@trino-gateway/runtime/version';
import type { RpcContext } from '../context.ts';
import { recordIncarnation } from './record-incarnation.ts';
import { reportConnections } from './report-connections.ts';
import { createLiveReports } from './report-live-queries.ts';
import { endTransaction, findTransaction, recordTransaction } from './transactions.ts';
import { watchBackends, watchSnapshot } from './watch.ts';

/** What the router and the monitor need. */
export function suiteService(context: RpcContext): ServiceImpl<typeof SuiteService> {
  const reportLiveQueries = createLiveReports(context);
  return {
    getVersion: async () => ({ version: VERSION }),
    watchBackends: (request, { signal }) => watchBackends(context, request, signal),
    watchSnapshot: (request, { signal }) => watchSnapshot(context, request, signal),
    recordIncarnation: (request) => recordIncarnation(context, request),
    reportConnections: (request) => reportConnections(context, request),
    reportLiveQueries,
    recordTransaction: (request) => recordTransaction(context, request),
    findTransaction: (request) => findTransaction(context, request),
    endTransaction: (request) => endTransaction(context, request),
  };
}
