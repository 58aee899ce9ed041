import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RazorpayConfiguration } from '../../src/razorpay/model.ts';

/** A razorpay/trino-gateway as its JSON API shows it, and what it was asked. */
export type FakeRazorpay = AsyncDisposable & {
  readonly url: string;
  readonly requests: { path: string; headers: IncomingHttpHeaders }[];
};

/** What it does besides answering its lists. */
export type Behaviour = {
  /** Wanted in X-Auth-Key. */
  token?: string;
  /** Answers this instead: to every request, or only to one method. */
  answer?: { method?: string; status: number; body: string };
  /** Never answers. */
  silent?: boolean;
};

/** Starts one on a free port. It answers every field, as its server does, with 64-bit numbers as text. */
export async function startFakeRazorpay(
  configuration: RazorpayConfiguration,
  behaviour: Behaviour = {},
): Promise<FakeRazorpay> {
  const requests: FakeRazorpay['requests'] = [];
  const lists: Record<string, unknown[]> = {
    'BackendApi/ListAllBackends': configuration.backends.map((backend) => ({
      ...backend,
      is_healthy: true,
      cluster_load: 3,
      stats_updated_at: '1700000000',
    })),
    'GroupApi/ListAllGroups': configuration.groups.map((group) => ({ ...group, last_routed_backend: '' })),
    'PolicyApi/ListAllPolicies': configuration.policies,
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    request.resume();
    if (behaviour.silent) return;
    const method = path.replace('/twirp/razorpay.gateway.', '');
    const send = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    const { answer, token } = behaviour;
    const items = lists[method];
    if (answer && (answer.method ?? method) === method) send(answer.status, answer.body);
    else if (token !== undefined && request.headers['x-auth-key'] !== token)
      send(401, JSON.stringify({ code: 'unauthenticated', msg: 'invalid apiToken for authentication' }));
    else if (request.method !== 'POST' || !items)
      send(404, JSON.stringify({ code: 'bad_route', msg: `no handler for path "${path}"` }));
    else send(200, JSON.stringify({ items }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
