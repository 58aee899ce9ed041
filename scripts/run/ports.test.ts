import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { loadConfig } from '@trino-gateway/config';
import { neededPorts, portProblems } from './ports.ts';

const config = loadConfig({ env: {}, readSecret: () => '' });

test('every port of the plan is checked before the start', () => {
  const needed = neededPorts(config, { clusters: 'samples', ports: [18_881, 18_882] });
  expect(needed.map(({ port }) => port)).toEqual([8080, 8000, 8001, 8002, 8003, 18_881, 18_882]);
  expect(neededPorts(config, { clusters: 'given', backends: [] })).toHaveLength(5);
});

test('a taken port is named, with what to change', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const needed = { host: '127.0.0.1', port, use: 'the API', change: 'gatewayserver.listen (…)' };
  expect(await portProblems([needed])).toEqual([
    `port ${port} on 127.0.0.1, for the API, is taken: free it, or change gatewayserver.listen (…)`,
  ]);
  await once(taken.close(), 'close');
  expect(await portProblems([needed])).toEqual([]);
  expect(await portProblems([needed, needed])).toHaveLength(1); // one port for two uses
});
