import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import {
  type GetQueueStatsResponse_GroupStats,
  GetQueueStatsResponse_GroupStatsSchema,
  QueryService,
  type QueuedQuery,
  QueuedQuerySchema,
  QueueService,
} from '@trino-gateway/api/gateway';
import { serveFake } from './serve-fake.ts';

/** A gatewayserver that knows nothing but a queue. */
export type FakeQueue = AsyncDisposable & {
  readonly url: string;
  /** Who waits, in order. */
  queued: QueuedQuery[];
  groups: GetQueueStatsResponse_GroupStats[];
  /** Ids cancelled by CancelQuery. */
  readonly cancelled: string[];
  /** Calls of GetQueueStats. */
  statsCalls: number;
};

/** Starts one on a free port. */
export async function startFakeQueue(
  queries: readonly MessageInitShape<typeof QueuedQuerySchema>[],
  stats: readonly MessageInitShape<typeof GetQueueStatsResponse_GroupStatsSchema>[],
): Promise<FakeQueue> {
  const fake: Omit<FakeQueue, 'url' | typeof Symbol.asyncDispose> = {
    queued: queries.map((one) => create(QueuedQuerySchema, one)),
    groups: stats.map((one) => create(GetQueueStatsResponse_GroupStatsSchema, one)),
    cancelled: [],
    statsCalls: 0,
  };
  const group = (id: string) => {
    const one = fake.groups.find(({ groupId }) => groupId === id);
    if (!one) throw new ConnectError(`no group "${id}"`, Code.NotFound);
    return one;
  };
  const routes = (router: ConnectRouter) => {
    router.service(QueueService, {
      listQueued: ({ groupId, user, pageSize, pageToken }) => {
        const all = fake.queued.filter((one) => [one.groupId, ''].includes(groupId) && [one.user, ''].includes(user));
        const from = Number(pageToken);
        const next = from + pageSize;
        return { queries: all.slice(from, next), nextPageToken: next < all.length ? String(next) : '' };
      },
      getQueueStats: ({ groupId }) => {
        fake.statsCalls += 1;
        return { groups: fake.groups.filter((one) => [one.groupId, ''].includes(groupId)) };
      },
      moveToFront: ({ id }) => {
        const one = fake.queued.find((query) => query.id === id);
        if (!one) throw new ConnectError(`no query "${id}" waits`, Code.NotFound);
        one.position = 1;
        return one;
      },
      holdGroup: ({ id }) => Object.assign(group(id), { held: true }),
      releaseGroup: ({ id }) => Object.assign(group(id), { held: false }),
    });
    router.service(QueryService, {
      cancelQuery: ({ id }) => {
        fake.cancelled.push(id);
        return {};
      },
    });
  };
  return Object.assign(fake, await serveFake(routes));
}
