import type { RunningDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import type { Random } from '../support/random.ts';
import { type ChaosCluster, startChaosCluster } from './clusters/chaos-cluster.ts';

/** A process of the suite: which one, and of what kind. */
export type StageProcess = { name: string; kind: string; process: ServiceProcess };

/** What may go wrong, and what clients use meanwhile. */
export type Stage = AsyncDisposable & {
  suite: Suite;
  clusters: readonly ChaosCluster[];
  database: RunningDatabase;
  processes: readonly StageProcess[];
  /** Puts the limit of a backend, however long that takes. */
  setLimit(backendId: string, limit: number): Promise<void>;
  /** Holds back the group of all clusters, and releases it. */
  hold(): Promise<void>;
  release(): Promise<void>;
};

const FIRST_LIMIT = 3;
const CALL_MS = 120_000;

/** Two gatewayservers on this database, two routers, a monitor and two scripted clusters with a limit, in one group. */
export async function startStage(database: RunningDatabase, random: Random): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const clusters: ChaosCluster[] = [];
  for (const id of ['one', 'two']) clusters.push(started.use(await startChaosCluster(id, random.fork())));
  const suite = started.use(
    await startSuite({
      databaseUrl: database.url,
      gatewayservers: 2,
      routers: 2,
      gatewayserver: { DEFAULT_GROUP: 'all' },
      router: { GATEWAYSERVER_WAIT: '30s' },
    }),
  );
  for (const cluster of clusters) {
    cluster.limited(FIRST_LIMIT);
    await suite.addBackends({ [cluster.id]: cluster.url }, { maxRunningQueries: FIRST_LIMIT });
  }
  const ids = clusters.map(({ id }) => id);
  await suite.addGroup('all', ids, { queue: { whenUnavailable: 'QUEUE', fairShare: true } });
  const call = async (method: string, body: unknown) => {
    await until(method, () => suite.call(method, body), CALL_MS);
  };
  const owned = started.move();
  return {
    suite,
    clusters,
    database,
    processes: processesOf(suite),
    setLimit: async (id, limit) => {
      const url = clusters.find((cluster) => cluster.id === id)?.url;
      await call('BackendService/PutBackend', { backend: { id, url, maxRunningQueries: limit } });
    },
    hold: () => call('QueueService/HoldGroup', { id: 'all' }),
    release: () => call('QueueService/ReleaseGroup', { id: 'all' }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function processesOf({ gatewayservers, routers, monitor }: Suite): StageProcess[] {
  return [
    ...gatewayservers.map((process, at) => ({ name: `gatewayserver ${at + 1}`, kind: 'gatewayserver', process })),
    ...routers.map((process, at) => ({ name: `router ${at + 1}`, kind: 'router', process })),
    { name: 'monitor', kind: 'monitor', process: monitor },
  ];
}
