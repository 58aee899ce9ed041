import type { Client } from '@connectrpc/connect';
import type { Backend, SuiteService } from '@trino-gateway/api/gateway';
import type { Outbox } from '../gatewayserver/outbox.ts';

/** Reports which incarnations of coordinators answer at which addresses: by them the owner of a query is found. */
export type IncarnationReports = {
  seen(backend: Backend, suffix: string): void;
  forget(backendId: string): void;
};

/** An incarnation is reported this often while it lives: the gatewayserver forgets those that nobody has seen for long. */
const REPORT_AGAIN_MS = 600_000;

/** Nothing reported yet. */
export function createIncarnationReports(
  suite: Pick<Client<typeof SuiteService>, 'recordIncarnation'>,
  outbox: Pick<Outbox, 'put'>,
): IncarnationReports {
  const reported = new Map<string, { key: string; at: number }>();
  return {
    seen: ({ id: backendId, url }, suffix) => {
      const key = `incarnation ${backendId} ${suffix} ${url}`;
      const last = reported.get(backendId);
      if (last?.key === key && performance.now() - last.at < REPORT_AGAIN_MS) return;
      reported.set(backendId, { key, at: performance.now() });
      outbox.put(key, (signal) => suite.recordIncarnation({ suffix, backendId, url }, { signal }));
    },
    forget: (backendId) => void reported.delete(backendId),
  };
}
