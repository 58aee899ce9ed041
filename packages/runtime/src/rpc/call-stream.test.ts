import { once } from 'node:events';
import http2 from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { afterEach, expect, test } from '@jest/globals';
import { AdmissionService, CarrierService, FindQueuedResponseSchema } from '@trino-gateway/api/gateway';
import { createGatewayTransport } from './gateway-transport.ts';
import { multiplexCalls } from './multiplexer.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  await parts.disposeAsync();
  parts = new AsyncDisposableStack();
});

/** A gatewayserver whose streams are those of the library; the client of a router, and which calls went by themselves. */
async function startLibraryServer(carry: ServiceImpl<typeof CarrierService>['carry'], prefix = '') {
  const alone: string[] = [];
  const server = http2.createServer(
    connectNodeAdapter({
      requestPathPrefix: prefix,
      routes: (router) =>
        router.service(CarrierService, { carry }).service(AdmissionService, {
          findQueued: ({ queryId }) => {
            alone.push(queryId);
            return { user: 'alone' };
          },
        }),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  const plain = createGatewayTransport({ urls: [url], timeLimitMs: 5_000 });
  const transport = multiplexCalls(plain, [AdmissionService]);
  parts.defer(() => {
    transport[Symbol.dispose]();
    plain[Symbol.dispose]();
    server.close();
  });
  return { admission: createClient(AdmissionService, transport), alone };
}

const answerAll: ServiceImpl<typeof CarrierService>['carry'] = async function* (requests) {
  yield {};
  for await (const { calls } of requests)
    for (const { number, method } of calls) {
      const response = create(FindQueuedResponseSchema, { user: method });
      yield {
        answers: [{ number, outcome: { case: 'response', value: toBinary(FindQueuedResponseSchema, response) } }],
      };
    }
};

test.each(['', '/below'])(
  'a gatewayserver that carries calls by the library is understood, at "%s"',
  async (prefix) => {
    const { admission, alone } = await startLibraryServer(answerAll, prefix);
    const answers = await Promise.all(['1', '2'].map((queryId) => admission.findQueued({ queryId })));
    expect(answers.map(({ user }) => user)).toEqual(Array(2).fill('trinogateway.v1.AdmissionService/FindQueued'));
    expect(alone).toEqual([]);
  },
);

test('what a gatewayserver says at the end of a stream reaches who called', async () => {
  const { admission, alone } = await startLibraryServer(async function* () {
    yield {};
    throw new ConnectError('not with this token', Code.PermissionDenied);
  });
  const failure = await admission.findQueued({ queryId: '1' }).catch(ConnectError.from);
  expect(failure).toMatchObject({ code: Code.PermissionDenied, rawMessage: 'not with this token' });
  expect((await admission.findQueued({ queryId: '2' })).user).toBe('alone');
  expect(alone).toEqual(['2']);
});

test('calls that a stream leaves open when it ends have lost their connection', async () => {
  const { admission } = await startLibraryServer(async function* () {
    yield {};
  });
  const failure = await admission.findQueued({ queryId: '1' }).catch(ConnectError.from);
  expect(failure).toMatchObject({ code: Code.Unavailable });
});

test('who gives up a connection that does not come about waits no longer for it', async () => {
  const silent = createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  parts.defer(() => void silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  using transport = createGatewayTransport({ urls: [`https://127.0.0.1:${port}`], timeLimitMs: 5_000 });
  const giveUp = new AbortController();
  const opening = transport.carry(giveUp.signal, { onMessage: () => {}, onAnswer: () => {} });
  const [socket] = await once(silent, 'connection');
  giveUp.abort(new ConnectError('silent', Code.DeadlineExceeded));
  expect(await opening.catch(ConnectError.from)).toMatchObject({ code: Code.DeadlineExceeded });
  socket.destroy();
});
