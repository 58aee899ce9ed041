import net from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { ask } from '../support/client.ts';
import { fakeGatewayserver, serveFake, snapshotOf } from '../support/fake-gatewayserver.ts';
import { startRouterProcess } from '../support/router-process.ts';
import { answerJson, startStub } from '../support/stub-cluster.ts';

/** Of deploy/kubernetes/router. */
const MEMORY_LIMIT = 1_073_741_824;
const LONGEST_STATEMENT = 16_777_216;

/** A cluster that says who it is, and nothing else. */
const startCluster = () =>
  startStub((request, response) => {
    if (request.url === '/v1/info') answerJson(response, '{"starting":false}');
  });

type Sender = { socket: net.Socket; received(): string };

/** Sends all of these bytes, and stays. */
function send(port: number, pieces: readonly Buffer[], from: string): Sender {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: from });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  for (const piece of pieces) socket.write(piece);
  return { socket, received: () => text };
}

const statement = Buffer.alloc(LONGEST_STATEMENT - 1, 'x');
const headOf = (more: string) =>
  Buffer.from(`POST /v1/statement HTTP/1.1\r\nHost: gw\r\nX-Trino-User: eve\r\n${more}\r\n`);
const announced = [headOf(`Content-Length: ${LONGEST_STATEMENT}\r\n`), statement];
const size = (LONGEST_STATEMENT - 1).toString(16);
const chunked = [headOf('Transfer-Encoding: chunked\r\n'), Buffer.from(`${size}\r\n`), statement];

test.each([
  ['64 statements less one byte from one address', 64, announced, () => '127.0.0.1'],
  ['200 statements of unknown length from twenty addresses', 200, chunked, (n: number) => `127.0.0.${2 + (n % 20)}`],
])('%s stay within the memory of the manifest, and others are served', async (_, count, pieces, from) => {
  await using cluster = await startCluster();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [cluster.url]));
  await using gatewayserver = await serveFake(fake);
  await using router = await startRouterProcess(gatewayserver.url);
  const port = Number(new URL(router.url).port);
  const senders = Array.from({ length: count }, (__, n) => send(port, pieces, from(n)));
  const refused = () => senders.filter(({ received }) => /^HTTP\/1.1 503 .*Retry-After: 1/s.test(received())).length;
  const taken = () => router.figure('trino_gateway_router_statement_bytes_under_way');
  await until(
    'the statements fill the memory',
    async () => refused() >= count - 5 && (await taken()) > LONGEST_STATEMENT,
  );
  expect(await ask(`${router.url}/v1/info`)).toMatchObject({ status: 200, text: '{"starting":false}' });
  expect(await taken()).toBeLessThanOrEqual((560 * 1_048_576) / 8);
  expect(await router.mostBytes()).toBeLessThan(MEMORY_LIMIT);
  for (const { socket } of senders) socket.destroy();
  await until('the memory is free again', async () => (await taken()) === 0);
});
