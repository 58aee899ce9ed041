import type { TestGatewayserver } from './gatewayserver-fixture.ts';

type Json = Record<string, unknown>;

const scaler = (id: string) => ({ webhook: { url: `http://scaler/${id}` } });

/** Group `g` of `a` and `b`, which are started and stopped by demand, and `c`, which is not. */
export async function putGroup(server: Pick<TestGatewayserver, 'ok'>, more: Json = {}): Promise<void> {
  for (const id of ['a', 'b'])
    await server.ok('BackendService/PutBackend', { backend: { id, url: `http://${id}`, scaler: scaler(id) } });
  await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c', maxRunningQueries: 5 } });
  const group = { id: 'g', backendIds: ['b', 'a', 'c'], maxRunningQueriesPerBackend: 8, autoscaling: {}, ...more };
  await server.ok('GroupService/PutGroup', { group });
}

/** As a monitor that would lead. */
export const lead = (server: TestGatewayserver, monitorId: string) =>
  server.ok('ScalingService/LeadScaling', { monitorId });

/** As a monitor that leads, or believes so. */
export const record = (
  server: TestGatewayserver,
  monitorId: string,
  fence: unknown,
  clusters: Json[],
  events: Json[] = [],
) => {
  const group = { groupId: 'g', clusters, wantedClusters: 1, reason: 'one waits', decidedAt: '2026-01-01T10:00:00Z' };
  return server.post('ScalingService/RecordScaling', { monitorId, fence, group, events });
};

/** Group `g` as an operator sees it. */
export const scalingOf = (server: TestGatewayserver) => server.ok('ScalingService/GetGroupScaling', { id: 'g' });
