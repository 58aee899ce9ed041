import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { expect, test } from '@jest/globals';
import { BackendService } from '@trino-gateway/api/gateway';
import { isUnreachable, refusesToken } from './call-failures.ts';
import { createGatewayTransport } from './gateway-transport.ts';

const NOBODY = 'http://127.0.0.1:1';

/** A gatewayserver that answers the id it was asked for and keeps the tokens it was shown. */
async function serve() {
  const tokens: (string | null)[] = [];
  const server = http2.createServer(
    connectNodeAdapter({
      routes: (router) => {
        router.service(BackendService, {
          getBackend: ({ id }, { requestHeader }) => {
            tokens.push(requestHeader.get('authorization'));
            if (id === 'none') throw new ConnectError('id: unknown', Code.NotFound);
            if (id === 'bug') throw new Error('a failure of its own');
            return { id };
          },
        });
      },
    }),
  );
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => void sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    tokens,
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('the token is sent, and a replica that is gone is passed over, by many calls at once too', async () => {
  await using server = await serve();
  using transport = createGatewayTransport({ urls: [NOBODY, server.url, NOBODY], token: 't', timeLimitMs: 10_000 });
  const client = createClient(BackendService, transport);
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => client.getBackend({ id })));
  expect(answers.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(new Set(server.tokens)).toEqual(new Set(['Bearer t']));
});

test('errors of the gatewayserver and failures of the connection are distinguished', async () => {
  await using server = await serve();
  using transport = createGatewayTransport({ urls: [server.url], timeLimitMs: 10_000 });
  using nowhere = createGatewayTransport({ urls: [NOBODY], timeLimitMs: 10_000 });
  const failure = async (client: { getBackend(request: { id: string }): Promise<unknown> }, id: string) => {
    try {
      await client.getBackend({ id });
    } catch (error) {
      return error;
    }
    throw new Error('it did not fail');
  };
  const client = createClient(BackendService, transport);
  expect(isUnreachable(await failure(client, 'none'))).toBe(false);
  expect(isUnreachable(await failure(client, 'bug'))).toBe(false);
  expect(isUnreachable(await failure(createClient(BackendService, nowhere), 'a'))).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(isUnreachable(await failure(client, 'a'))).toBe(true);
  expect(refusesToken(new ConnectError('no', Code.Unauthenticated))).toBe(true);
  expect(refusesToken(new ConnectError('no', Code.PermissionDenied))).toBe(true);
  expect(refusesToken(new ConnectError('no', Code.NotFound))).toBe(false);
});

test('a connection whose other end went silent is replaced, and its late error does no harm', async () => {
  await using server = await serve();
  const pairs: [net.Socket, net.Socket][] = [];
  const relay = net.createServer((near) => {
    const far = net.connect(server.port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
    pairs.push([near, far]);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  using transport = createGatewayTransport({
    urls: [url],
    timeLimitMs: 10_000,
    pings: { pingIntervalMs: 50, pingTimeoutMs: 1_500 },
  });
  const client = createClient(BackendService, transport);
  await client.getBackend({ id: 'a' });
  const [first] = pairs;
  first?.[0].unpipe();
  first?.[1].unpipe();
  const failures: string[] = [];
  const answered = async () => {
    // Many at once: some of them meet the connection between its end and the news of it.
    const calls = Array.from({ length: 10 }, () =>
      client.getBackend({ id: 'b' }, { timeoutMs: 4_000 }).catch((error: Error) => void failures.push(error.message)),
    );
    return (await Promise.all(calls)).some((answer) => answer?.id === 'b');
  };
  while (!(await answered())) expect(failures.length < 100 || failures).toBe(true);
  expect(pairs.length).toBeGreaterThan(1);
  // Its end first: a call that is still on its way there would open another connection to the relay.
  transport[Symbol.dispose]();
  relay.close();
  for (const socket of pairs.flat()) socket.destroy();
});
