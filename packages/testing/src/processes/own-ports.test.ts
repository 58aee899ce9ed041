import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePorts } from './free-ports.ts';
import { ownPorts } from './own-ports.ts';

const some = (next: () => number, count: number) => Array.from({ length: count }, next);

test('no two workers have a port in common, nor have servers and programs of one, nor does one come twice', () => {
  const all = ['1', '2', '3', '4'].flatMap((worker) =>
    (['servers', 'programs'] as const).flatMap((forWhom) => some(ownPorts(forWhom, worker), 1_300)),
  );
  expect(new Set(all).size).toBe(all.length);
  expect(all.filter((port) => port < 10_000 || port >= 32_000)).toEqual([]);
});

test.each([
  ['a number', (server: Server, port: number) => server.listen(port, '127.0.0.1')],
  ['an object', (server: Server, port: number) => server.listen({ host: '127.0.0.1', port })],
])('a server that leaves the choice of its port gets one of this worker: %s', async (_, listen) => {
  const share = new Set(some(ownPorts('servers'), 1_375));
  const servers = Array.from({ length: 20 }, () => listen(createServer(), 0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  expect(ports.filter((port) => !share.has(port))).toEqual([]);
});

test('a port that is taken is passed over, and who waits for the server is told once', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  const share = some(ownPorts('servers'), 1_375);
  const at = share.indexOf((first.address() as AddressInfo).port);
  const portAfter = (steps: number) => share[(at + steps) % share.length];
  const more = [1, 2, 3].map((steps) => createServer().listen(portAfter(steps), '127.0.0.1'));
  await Promise.all(more.map((server) => once(server, 'listening')));
  let calls = 0;
  const second = createServer();
  await new Promise<void>((resolve) => {
    second.listen(0, '127.0.0.1', () => {
      calls += 1;
      resolve();
    });
  });
  expect((second.address() as AddressInfo).port).toBe(portAfter(4));
  expect(calls).toBe(1);
  for (const server of [first, second, ...more]) server.close();
});

test('a port that was asked for and is taken is told of', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  const second = createServer().listen((first.address() as AddressInfo).port, '127.0.0.1');
  const [error] = await once(second, 'error');
  expect(error).toMatchObject({ code: 'EADDRINUSE' });
  first.close();
});

test('free ports for programs are of this worker, and nobody listens there', async () => {
  const share = new Set(some(ownPorts('programs'), 1_375));
  const ports = await freePorts(5);
  expect(new Set(ports).size).toBe(5);
  expect(ports.filter((port) => !share.has(port))).toEqual([]);
});
