import { startTestGatewayserver, type TestGatewayserver } from './gatewayserver-fixture.ts';

/** A gatewayserver with the backends `one` and `two`, which nobody probed yet, and the group `both` of them. */
export async function startWithTwoBackends(): Promise<TestGatewayserver> {
  const server = await startTestGatewayserver();
  await server.ok('BackendService/PutBackend', { backend: { id: 'one', url: 'http://127.0.0.1:1001' } });
  await server.ok('BackendService/PutBackend', { backend: { id: 'two', url: 'http://127.0.0.1:1002' } });
  await server.ok('GroupService/PutGroup', { group: { id: 'both', backendIds: ['one', 'two'] } });
  return server;
}

/** Reports as the monitor does: the backend is up, healthy and was seen just now, unless told otherwise. */
export function reportStatus(
  server: Pick<TestGatewayserver, 'ok'>,
  backendId: string,
  given: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  return server.ok('BackendService/ReportBackendStatus', {
    status: { backendId, state: 'UP', healthy: true, clusterLoad: 1, observedAt: new Date().toISOString(), ...given },
  });
}
