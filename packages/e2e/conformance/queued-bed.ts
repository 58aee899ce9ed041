import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { exchange } from '@trino-gateway/testing/trino-client/exchange';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';

/** A cluster's answer to what it knows of a query. */
export type SeenQuery = { state: string; user: string; error?: string };

/** Some 5 MB: what is not read of it stays at the cluster. */
const UNREAD = 'SELECT orderkey, partkey, shipinstruct, shipmode, comment FROM tpch.tiny.lineitem';

type Stats = { groups?: { queued?: number }[] };

/** Two real clusters behind two routers and two gatewayservers, which clients reach at one address, in turn and without cookies. */
export type QueuedBed = AsyncDisposable & {
  suite: Suite;
  balancer: Balancer;
  clusters: Readonly<Record<'one' | 'two', SharedCluster>>;
  /** From now on the first cluster, which gets all statements, runs so many at a time. */
  limit(maxRunningQueries: number): Promise<void>;
  /** A query that has begun to answer and is read no further: it holds its slot, and costs the cluster nothing. */
  hold(statement?: string): Promise<OpenQuery>;
  /** One that has to wait. */
  wait(statement: string, headers?: Record<string, string>): Promise<OpenQuery>;
  queued(): Promise<number>;
  /** No slot of this cluster is taken, and nobody waits for the first. */
  untilAtRest(backendId?: 'one' | 'two'): Promise<void>;
};

/** Starts it, with one slot. */
export async function startQueuedBed(more: { router?: Record<string, string> } = {}): Promise<QueuedBed> {
  await using started = new AsyncDisposableStack();
  const clusters = { one: await sharedCluster('accepting'), two: await sharedCluster('rejecting') };
  const suite = started.use(
    await startSuite({
      routers: 2,
      gatewayservers: 2,
      gatewayserver: { DEFAULT_GROUP: 'all' },
      // A busy machine keeps clusters from answering probes in time.
      monitor: { PROBE_TIME_LIMIT: '60s', FAILURES_BEFORE_UNHEALTHY: '100' },
      router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s', ...more.router },
    }),
  );
  const limit = (maxRunningQueries: number) => suite.addBackends({ one: clusters.one.url }, { maxRunningQueries });
  await limit(1);
  await suite.addBackends({ two: clusters.two.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one'], { queue: { fairShare: true } });
  await suite.addGroup('other', ['two']);
  const policy = { id: 'other', clientTags: { anyOf: ['other'] }, groupId: 'other' };
  await suite.call('PolicyService/PutPolicy', { policy });
  const balancer = started.use(await startBalancer(suite.routers.map(({ url }) => url)));
  const queued = async () => {
    const { groups = [] } = await suite.call<Stats>('QueueService/GetQueueStats', {});
    return groups.reduce((total, group) => total + (group.queued ?? 0), 0);
  };
  const owned = started.move();
  return {
    ...{ suite, balancer, clusters, limit },
    hold: async (statement = UNREAD) => {
      const query = await openQuery(suite.router.url, statement);
      await until('it to have rows', async () => (await query.poll()).data !== undefined, 120_000, 0);
      return query;
    },
    wait: async (statement, headers = {}) => {
      const query = await openQuery(suite.router.url, statement, headers);
      if (!/_0[a-z2-9]{4}$/.test(query.id)) throw new Error(`${statement} does not wait: it is ${query.id}`);
      return query;
    },
    queued,
    untilAtRest: async (id = 'one') => {
      await until(
        'all slots to be free',
        async () => {
          const { condition } = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', {
            id,
          });
          return (condition?.leases ?? 0) === 0 && (await queued()) === 0;
        },
        120_000,
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a cluster says of this query; undefined when it does not know it. */
export async function askCluster(cluster: SharedCluster, id: string): Promise<SeenQuery | undefined> {
  const answer = await exchange(new URL(`/v1/query/${id}`, cluster.url), {
    method: 'GET',
    headers: { 'x-trino-user': 'e2e-looks' },
    signal: AbortSignal.timeout(30_000),
  });
  if (answer.status === 410 || answer.status === 404) return undefined;
  const { state, session, errorCode } = JSON.parse(answer.body) as {
    state: string;
    session: { user: string };
    errorCode?: { name: string };
  };
  return { state, user: session.user, ...(errorCode && { error: errorCode.name }) };
}

/** A number of this run: `RACES=500` and the like make it as large as the case says. */
export const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
