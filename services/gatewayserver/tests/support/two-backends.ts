import { afterAll, beforeAll, jest } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from './gatewayserver-fixture.ts';

type Calls = Pick<TestGatewayserver, 'ok' | 'post' | 'get'>;

/**
 * A gatewayserver with the backends `one` and `two`, which were not probed yet, and the group `both` of them. It runs during the
 * tests of the calling file, and can be called from their first hook on.
 * @param keys of its section
 */
export function serverWithTwoBackends(keys: Record<string, string> = {}): Calls {
  jest.setTimeout(120_000); // a busy machine starts a server slowly
  let server: TestGatewayserver;
  beforeAll(async () => {
    server = await startTestGatewayserver(keys);
    await server.ok('BackendService/PutBackend', { backend: { id: 'one', url: 'http://127.0.0.1:1001' } });
    await server.ok('BackendService/PutBackend', { backend: { id: 'two', url: 'http://127.0.0.1:1002' } });
    await server.ok('GroupService/PutGroup', { group: { id: 'both', backendIds: ['one', 'two'] } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  return {
    ok: (...call) => server.ok(...call),
    post: (...call) => server.post(...call),
    get: (...call) => server.get(...call),
  };
}

/** Reports as the monitor does: the backend is up, healthy and was seen just now, unless told otherwise. */
export function reportStatus(
  server: Pick<Calls, 'ok'>,
  backendId: string,
  given: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  return server.ok('BackendService/ReportBackendStatus', {
    status: { backendId, state: 'UP', healthy: true, clusterLoad: 1, observedAt: new Date().toISOString(), ...given },
  });
}
