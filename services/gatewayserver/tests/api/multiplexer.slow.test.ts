import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { afterEach, expect, jest, test } from '@jest/globals';
import {
  AdmissionService,
  BackendService,
  CarrierService,
  CarryRequestSchema,
  type CarryResponse,
  RoutingService,
} from '@trino-gateway/api/gateway';
import { type CallStreams, createGatewayTransport, isUnreachable, multiplexCalls } from '@trino-gateway/runtime';
import { hashOf, running, startLimited, submission } from '../admission/support/admission-fixture.ts';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000);

let cleanUp = new DisposableStack();
afterEach(() => {
  cleanUp.dispose();
  cleanUp = new DisposableStack();
});

/** A router's calls, and the methods that went by themselves instead of on the stream. */
function routerOf(
  server: Pick<TestGatewayserver, 'url'>,
  { token, before = [] }: { token?: string; before?: string[] } = {},
) {
  const urls = [...before, server.url];
  const plain = cleanUp.use(createGatewayTransport({ urls, token, timeLimitMs: 30_000 }));
  const alone: string[] = [];
  const watched: Transport & CallStreams = {
    stream: plain.stream,
    carry: plain.carry,
    unary: (method, ...rest) => {
      alone.push(method.name);
      return plain.unary(method, ...rest);
    },
  };
  const transport = cleanUp.use(multiplexCalls(watched, [RoutingService, AdmissionService]));
  const clients = {
    routing: createClient(RoutingService, transport),
    admission: createClient(AdmissionService, transport),
    backends: createClient(BackendService, transport),
  };
  /** From then on there is a stream. */
  const untilMultiplexed = () =>
    until(
      async () => {
        alone.length = 0;
        return (await codeOf(clients.routing.decide({}))) ?? alone.length;
      },
      (left) => left === 0,
    );
  return { ...clients, alone, untilMultiplexed };
}

const hashBytes = (secret: string) => new Uint8Array(Buffer.from(hashOf(secret), 'base64'));

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error) => Code[ConnectError.from(error).code],
  );

const untilPresent = (server: Pick<TestGatewayserver, 'ok'>, count: number) =>
  until(
    () => server.ok('QueueService/GetQueueStats', { groupId: 'g' }),
    ({ groups }) => ((groups as { present?: number }[])[0]?.present ?? 0) === count,
  );

test('a multiplexed call is answered like one of its own', async () => {
  await using server = await startLimited();
  const multiplexed = routerOf(server);
  await multiplexed.untilMultiplexed();
  const question = { submissionId: 's', routerId: 'r', user: 'ann', statement: 'SELECT 1' };
  const answers = await Promise.all([multiplexed.routing.route(question), multiplexed.routing.route(question)]);
  expect(answers).toMatchObject([{ leased: true }, { leased: true }]);
  expect(await codeOf(multiplexed.routing.route({ routerId: 'r' }))).toBe('InvalidArgument');
  await expect(multiplexed.routing.route({ routerId: 'r' })).rejects.toThrow('submission_id: ');
  const unknown = { queryId: '20261121_000000_00000_0abcd', secretHash: hashBytes('x'), waitMs: 0 };
  expect(await codeOf(multiplexed.admission.awaitTurn(unknown))).toBe('NotFound');
  expect(multiplexed.alone).toEqual([]);
  // Of another service, and too large to hold up the others.
  await multiplexed.backends.getBackend({ id: 'b' });
  await multiplexed.routing.decide({ statement: 'x'.repeat(100_000) });
  expect(multiplexed.alone).toEqual(['GetBackend', 'Decide']);
});

test('without the token no call is multiplexed', async () => {
  await using server = await startTestGatewayserver({ admin_token: 'secret' });
  const wrong = routerOf(server, { token: 'wrong' });
  const question = { submissionId: 's', routerId: 'r' };
  for (let round = 0; round < 3; round++) expect(await codeOf(wrong.routing.route(question))).toBe('Unauthenticated');
  const right = routerOf(server, { token: 'secret' });
  await right.untilMultiplexed();
  expect(await codeOf(right.routing.route(question))).toBeUndefined();
});

test('a client that disconnects during a long poll is absent, and delays no other', async () => {
  await using server = await startLimited();
  const first = await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  const multiplexed = routerOf(server);
  await multiplexed.untilMultiplexed();
  const client = new AbortController();
  const poll = { queryId: waiting.temporaryId, secretHash: hashBytes(waiting.id), waitMs: 30_000 };
  const held = multiplexed.admission.awaitTurn(poll, { signal: client.signal });
  await multiplexed.routing.decide({});
  await untilPresent(server, 1);
  client.abort();
  expect(await codeOf(held)).toBe('Canceled');
  await multiplexed.admission.leave({ queryId: poll.queryId, secretHash: poll.secretHash });
  await untilPresent(server, 0);
  // A call of this time limit is dropped, not the stream.
  expect(await codeOf(multiplexed.admission.awaitTurn(poll, { timeoutMs: 20 }))).toBe('DeadlineExceeded');
  const second = multiplexed.admission.awaitTurn(poll);
  await first.settle();
  expect((await second).state.case).toBe('turn');
  expect(multiplexed.alone).toEqual([]);
});

test('slots are not idle for clients of a dead router, and a client at another router keeps its slot offer', async () => {
  await using server = await startLimited();
  const first = await running(server);
  const [gone, moved] = [submission(server), submission(server)];
  const dying = routerOf(server);
  await dying.untilMultiplexed();
  const polls = [];
  for (const one of [gone, moved]) {
    await one.enqueue();
    const poll = { queryId: one.temporaryId, secretHash: hashBytes(one.id), waitMs: 30_000 };
    polls.push(dying.admission.awaitTurn(poll).catch(() => undefined));
  }
  await dying.routing.decide({});
  await untilPresent(server, 2);
  const again = moved.poll(30_000);
  cleanUp.dispose();
  await untilPresent(server, 1);
  await first.settle();
  expect(await again).toHaveProperty('turn');
  await Promise.all(polls);
});

test('calls under way fail when their gatewayserver stops, and its successor is found', async () => {
  const before = await startLimited();
  const port = Number(new URL(before.url).port);
  await running(before);
  const waiting = submission(before);
  await waiting.enqueue();
  const multiplexed = routerOf(before);
  await multiplexed.untilMultiplexed();
  const poll = { queryId: waiting.temporaryId, secretHash: hashBytes(waiting.id), waitMs: 30_000 };
  const held = multiplexed.admission.awaitTurn(poll);
  await multiplexed.routing.decide({}); // what came before it on the stream is there, too
  await before[Symbol.asyncDispose]();
  expect((await held).state.case).toBe('waiting'); // a stop answers what is held
  expect(await multiplexed.routing.decide({}).catch(isUnreachable)).toBe(true);
  await using after = await startLimited({ keys: { listen: `127.0.0.1:${port}` } });
  expect(new URL(after.url).port).toBe(String(port));
  await multiplexed.untilMultiplexed();
  expect(await codeOf(multiplexed.routing.decide({}))).toBeUndefined();
});

test('a replica that accepts connections and does not answer is given up', async () => {
  const silent = createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    await using server = await startLimited();
    const { port } = silent.address() as AddressInfo;
    const multiplexed = routerOf(server, { before: [`http://127.0.0.1:${port}`] });
    expect(await multiplexed.routing.decide({}, { timeoutMs: 10_000 }).catch(isUnreachable)).toBe(true);
    expect(await codeOf(multiplexed.routing.decide({}, { timeoutMs: 10_000 }))).toBeUndefined();
  } finally {
    silent.close();
  }
});

test('a call that cannot be multiplexed fails alone', async () => {
  await using server = await startLimited();
  const plain = cleanUp.use(createGatewayTransport({ urls: [server.url], timeLimitMs: 30_000 }));
  const bad = (number: number, method: string, request = new Uint8Array()) => ({ number, method, request });
  const calls = [
    bad(1, 'trinogateway.v1.BackendService/ListBackends'),
    bad(2, 'nonsense'),
    bad(3, 'trinogateway.v1.RoutingService/Route', new Uint8Array([255, 255])),
    bad(4, 'trinogateway.v1.RoutingService/Decide'),
  ];
  const open = new AbortController();
  async function* requests() {
    yield create(CarryRequestSchema, { calls, dropped: [77] });
    await delay(60_000, undefined, { signal: open.signal }).catch(() => {});
  }
  const { message } = await plain.stream(CarrierService.method.carry, open.signal, 0, undefined, requests());
  const answers = new Map<number, string>();
  for await (const response of message as AsyncIterable<CarryResponse>) {
    for (const { number, outcome } of response.answers)
      answers.set(number, outcome.case === 'failure' ? (Code[outcome.value.code] ?? '') : String(outcome.case));
    if (answers.size === calls.length) break;
  }
  open.abort();
  expect([...answers].sort(([a], [b]) => a - b)).toEqual([
    [1, 'Unimplemented'],
    [2, 'Unimplemented'],
    [3, 'InvalidArgument'],
    [4, 'response'],
  ]);
});
