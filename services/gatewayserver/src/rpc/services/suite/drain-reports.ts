import type { ReportLiveQueriesRequest } from '@trino-gateway/api/gateway';
import { describeError } from '@trino-gateway/runtime';
import { LRUCache } from 'lru-cache';
import { checkedNumber } from '../../../configuration/validation.ts';
import { storedReport } from '../../../drain/proving/stored-report.ts';
import type { RpcContext, Tables } from '../context.ts';

type Context = Pick<RpcContext, 'configuration' | 'logger' | 'now'> & Tables<'drains'>;

const MOST_ROUTERS = 1_000;
/** How often a router is noted as there while nobody asks about a drain. */
const NOTE_EVERY_MS = 60_000;

/**
 * Stores what routers tell of drains, for all replicas: each report while somebody asks about one, else now and then, so that each
 * router is known when a drain begins.
 */
export function createDrainReports({ store, configuration, logger, now }: Context) {
  const noted = new LRUCache<string, number>({ max: MOST_ROUTERS });
  return async (report: ReportLiveQueriesRequest): Promise<void> => {
    checkDrains(report);
    const { routerId, leaving } = report;
    const isDue = now() - (noted.get(routerId) ?? 0) >= NOTE_EVERY_MS;
    if (!isDue && !leaving && configuration.known.drains.length === 0) return;
    noted.set(routerId, now());
    try {
      await store.drains.report(storedReport(report));
    } catch (error) {
      noted.delete(routerId);
      logger.debug('what a router knows of drains could not be stored', { error: describeError(error) });
    }
  };
}

function checkDrains({ drains }: ReportLiveQueriesRequest): void {
  const most = 2 ** 31 - 1;
  for (const { underWay, live, queries } of drains) {
    checkedNumber('drains.under_way', underWay, 0, most);
    checkedNumber('drains.live', live, 0, most);
    for (const { silentMs } of queries) checkedNumber('drains.queries.silent_ms', silentMs, 0, most);
  }
}
