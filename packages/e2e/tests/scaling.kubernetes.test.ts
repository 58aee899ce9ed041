import { afterAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { type RunningKubernetes, startKubernetes } from '@trino-gateway/testing/kubernetes/kubernetes';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';

// Two monitors, a gatewayserver, and a TrinoCluster on a real API server whose operator is played by the test.
const PATH = '/apis/trino.stackable.tech/v1alpha1/namespaces/trino/trinoclusters';
/** OUTAGE_SECONDS=60 makes it a minute. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 6) * 1_000;

let kubernetes: RunningKubernetes | undefined;
try {
  const groups = ['trino.stackable.tech'];
  kubernetes = await startKubernetes({
    monitor: [{ verbs: ['get', 'patch'], groups, resources: ['trinoclusters'], namespaces: ['trino'] }],
  });
} catch (error) {
  if (!(error instanceof MissingToolError)) throw error;
  test.skip(`a real API server: ${error.message}`, () => {});
}
afterAll(async () => kubernetes?.[Symbol.asyncDispose]());

const operate = async ({ calls }: RunningKubernetes, trino: ScriptedTrino, isUp: boolean) => {
  if (isUp) await trino.restart();
  else await trino.kill();
  const lastTransitionTime = new Date(Date.now() - 60_000).toISOString();
  const conditions = [{ type: 'Available', status: isUp ? 'True' : 'False', lastTransitionTime }];
  await calls.call('PATCH', `${PATH}/xl1/status`, { status: { conditions } });
};

const title =
  'one start and one stop reach the API server, though the leader is killed in between and the API server is away';
const real = kubernetes;
if (real)
  test(title, async () => {
    await using cleanUp = new AsyncDisposableStack();
    const trino = await startScriptedTrino();
    cleanUp.defer(() => trino.stop());
    await trino.kill();
    const metadata = { name: 'xl1' };
    const spec = { clusterOperation: { stopped: true } };
    await real.calls.call('POST', PATH, {
      apiVersion: 'trino.stackable.tech/v1alpha1',
      kind: 'TrinoCluster',
      metadata,
      spec,
    });
    const isStopped = async () =>
      ((await real.calls.call('GET', `${PATH}/xl1`)).spec as typeof spec).clusterOperation.stopped;
    let isAway = false;
    const passed: string[] = [];
    real.front.fault = ({ method }) => {
      if (isAway) return 'hang up';
      if (method === 'PATCH') passed.push(method);
      return undefined;
    };
    const settings = { INTERVAL: '200ms', SCALING_INTERVAL: '300ms', KUBECONFIG: real.kubeconfig('monitor') };
    const suite = cleanUp.use(await startSuite({ monitor: settings }));
    const backend = { id: 'xl1', url: trino.url, scaler: { stackable: { namespace: 'trino', name: 'xl1' } } };
    await suite.call('BackendService/PutBackend', { backend });
    const autoscaling = { drainIdleMs: 500, coolDownMs: 500, settleMs: 300 };
    await suite.call('GroupService/PutGroup', { group: { id: 'xl', backendIds: ['xl1'], autoscaling } });
    await suite.call('RoutingService/PutRoutingChain', { chain: { fallbackGroup: 'xl' } });
    type Scaling = { clusters: { state: string }[] };
    const untilState = (state: string) =>
      until(`the cluster to be ${state}`, async () => {
        const { clusters } = await suite.call<Scaling>('ScalingService/GetGroupScaling', { id: 'xl' });
        return clusters[0]?.state === state;
      });
    await untilState('STOPPED');
    // The first one leads: the second one is started later.
    const [ops = 0] = await freePorts(1);
    const more = { GATEWAYSERVER_URL: suite.gatewayserver.url, OPS_LISTEN: `127.0.0.1:${ops}`, PROBATION: '10ms' };
    cleanUp.use(await startService('monitor', { ...settings, ...more }, `http://127.0.0.1:${ops}`));

    const query = await openQuery(suite.router.url, 'SELECT 1');
    expect(query.page.stats.state).toBe('QUEUED');
    const finished = query.finish();
    await until('the start to be stored', async () => !(await isStopped()));
    await suite.monitor.kill();
    await operate(real, trino, true);
    const { stats, error } = await finished;
    expect(error ?? stats.state).toBe('FINISHED');
    expect(passed).toHaveLength(1);

    isAway = true;
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS)); // an outage takes its time
    expect([await isStopped(), passed.length]).toEqual([false, 1]);
    isAway = false;
    await until('the stop to be stored', isStopped);
    await operate(real, trino, false);
    await untilState('STOPPED');
    expect(passed).toHaveLength(2);
  }, 240_000);
