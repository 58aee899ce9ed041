import { until } from '@trino-gateway/testing/processes/until';
import type { Suite } from '@trino-gateway/testing/suite/suite';
import { admissionRows } from './admission-rows.ts';

const CANCEL_MS = 120_000;
const QUIET_MS = 60_000;

/** Cancels what waits: clients that left would be forgotten after five minutes only. */
export async function cancelQueued({ call }: Pick<Suite, 'call'>): Promise<void> {
  const cancelAll = async () => {
    const { queries = [] } = await call<{ queries?: { id: string }[] }>('QueueService/ListQueued', { pageSize: 1_000 });
    for (const { id } of queries) await call('QueryService/CancelQuery', { id });
    return queries.length === 0;
  };
  await until('nobody to wait', cancelAll, CANCEL_MS);
}

/** Why it is not at rest within a quiet minute; undefined when it is. */
export async function atRest(
  suite: Pick<Suite, 'call'>,
  clusters: readonly { id: string }[],
  databaseUrl: string,
): Promise<string | undefined> {
  const check = async () => {
    const leases = await Promise.all(
      clusters.map(async ({ id }) => {
        const { condition } = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', {
          id,
        });
        return condition?.leases ?? 0;
      }),
    );
    const { groups = [] } = await suite.call<{ groups?: { queued?: number; running?: number }[] }>(
      'QueueService/GetQueueStats',
      {},
    );
    const { open } = await admissionRows(databaseUrl);
    const counts = [...leases, ...groups.flatMap(({ queued = 0, running = 0 }) => [queued, running]), open];
    if (counts.some((count) => count > 0))
      throw new Error(`slots ${leases}, groups ${JSON.stringify(groups)}, open rows ${open}`);
    return true;
  };
  return until('all counts to be zero', check, QUIET_MS).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
