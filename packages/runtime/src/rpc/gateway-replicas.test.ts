import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Code, ConnectError, createClient, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { expect, test } from '@jest/globals';
import { GroupService } from '@trino-gateway/api/gateway';
import { createGatewayTransport, type Handler, isUnreachable, listenHttp, refusesToken } from '../index.ts';

type Answer = ServiceImpl<typeof GroupService>['getGroup'];
/** Holds the call until its client has given it up. */
const NEVER: Answer = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** A gatewayserver that answers its own name as the id of every group. */
async function replica(name: string, answer: Answer = () => ({ id: name })) {
  const asked = Promise.withResolvers<void>();
  const state = { calls: 0, asked: asked.promise };
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(GroupService, {
        getGroup: (request, context) => {
          state.calls++;
          asked.resolve();
          return answer(request, context);
        },
      }),
  }) as Handler;
  const listener = await listenHttp({ host: '127.0.0.1', port: 0 }, handler, { graceMs: 200 });
  const stop = () => listener[Symbol.asyncDispose]();
  return { url: listener.url, state, stop, [Symbol.asyncDispose]: stop };
}

/** An address at which nobody listens. */
async function nobody(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return `http://127.0.0.1:${port}`;
}

function gateway(urls: string[], timeLimitMs = 60_000) {
  const transport = createGatewayTransport({ urls, timeLimitMs });
  const groups = createClient(GroupService, transport);
  return {
    ask: async (options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
      (await groups.getGroup({ id: 'g' }, options)).id,
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => ConnectError.from(error),
  );
}

test('a replica that goes away is replaced by the next, which is asked first from then on', async () => {
  const one = await replica('one');
  await using two = await replica('two');
  using both = gateway([one.url, two.url]);
  expect(await both.ask()).toBe('one');
  await one.stop();
  expect(await both.ask()).toBe('two');
  expect(await both.ask()).toBe('two');
  expect([one.state.calls, two.state.calls]).toEqual([1, 2]);
});

test('an answer of a gatewayserver is final: no other replica is asked', async () => {
  await using one = await replica('one', () => {
    throw new ConnectError('no such group', Code.NotFound);
  });
  await using two = await replica('two');
  using both = gateway([one.url, two.url]);
  const error = await failure(both.ask());
  expect([error.code, isUnreachable(error), refusesToken(error)]).toEqual([Code.NotFound, false, false]);
  expect(two.state.calls).toBe(0);
});

test('when no replica can be reached the call fails as unreachable', async () => {
  using none = gateway([await nobody(), await nobody()]);
  const error = await failure(none.ask());
  expect([isUnreachable(error), refusesToken(error)]).toEqual([true, false]);
});

test('a replica that never answers costs one call its time limit, and the next call goes elsewhere', async () => {
  await using one = await replica('one', NEVER);
  await using two = await replica('two');
  using both = gateway([one.url, two.url]);
  const error = await failure(both.ask({ timeoutMs: 300 }));
  expect([error.code, isUnreachable(error)]).toEqual([Code.DeadlineExceeded, true]);
  expect(await both.ask()).toBe('two');
});

test('a call that its caller cancelled is not tried elsewhere', async () => {
  await using one = await replica('one', NEVER);
  await using two = await replica('two');
  using both = gateway([one.url, two.url]);
  const caller = new AbortController();
  const call = failure(both.ask({ signal: caller.signal }));
  await one.state.asked;
  caller.abort();
  expect((await call).code).toBe(Code.Canceled);
  expect(two.state.calls).toBe(0);
});

test.each([
  [Code.Unauthenticated, true],
  [Code.PermissionDenied, true],
  [Code.NotFound, false],
  [Code.Unavailable, false],
])('code %d means that the token is not accepted: %s', (code, expected) =>
  expect(refusesToken(new ConnectError('', code))).toBe(expected),
);
