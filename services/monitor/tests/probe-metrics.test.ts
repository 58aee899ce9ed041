import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, jest, test } from '@jest/globals';
import {
  type Backend_Probe_LoadSchema,
  BackendSchema,
  Backend_Probe_Kind as Kind,
  Backend_Probe_Load_Source as Source,
} from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { createClusterConnections } from '../src/clusters/cluster-connections.ts';
import { probe } from '../src/probing/probe.ts';
import type { ProbeResult } from '../src/probing/probe-result.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

type Load = MessageInitShape<typeof Backend_Probe_LoadSchema>;
const INFO = {
  starting: false,
  coordinator: true,
  nodeVersion: { version: '483' },
  uptime: '1.00h',
  coordinatorId: 'abcde',
};
const RUNNING = 'trino_execution_name_QueryManager_RunningQueries';
const QUEUED = 'trino_execution_name_QueryManager_QueuedQueries';

/** Probes, without statements, a cluster that answers its metrics so. */
async function probed(
  load: Load,
  status: number,
  body: string,
): Promise<{ found: ProbeResult; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/v1/info') return response.end(JSON.stringify(INFO));
    asked.push(request);
    return response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  using connections = createClusterConnections({ token_folder: undefined }, silentLogger);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend = create(BackendSchema, { id: 'one', url, probe: { kind: Kind.INFO_ONLY, user: 'checker', load } });
  try {
    const limits = { timeLimitMs: 60_000, signal: new AbortController().signal, dispatcher: undefined };
    return { found: await probe(backend, limits, connections), asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a cluster that takes no statement of ours tells its load by its metrics', async () => {
  const { found, asked } = await probed({ source: Source.OPEN_METRICS }, 200, `${RUNNING} 2.0\n${QUEUED} 3.0\n# EOF\n`);
  expect(found).toMatchObject({ outcome: 'passed', load: { load: 5, running: 2, queued: 3 } });
  expect(asked.map(({ url, headers }) => [url, headers['x-trino-user'], headers.accept])).toEqual([
    [
      `/metrics?name%5B%5D=${RUNNING}&name%5B%5D=${QUEUED}`,
      'checker',
      'application/openmetrics-text, text/plain;q=0.5',
    ],
  ]);
});

test('or by the metrics for gateways, with its number of nodes', async () => {
  const body = '{"clusterSize":2,"totalFreeBytes":1,"aggregatedSystemLoad":0.5}';
  const { found, asked } = await probed({ source: Source.GATEWAY_METRICS }, 200, body);
  expect(found).toMatchObject({ outcome: 'passed', workers: 2, load: { load: 25 } });
  expect(asked.map(({ url }) => url)).toEqual(['/v1/integrations/gateway/metrics']);
});

test.each<[string, number, string, Load]>([
  ['HTTP 403', 403, '', { source: Source.GATEWAY_METRICS }],
  ['HTTP 404', 404, '', { source: Source.GATEWAY_METRICS }],
  ['JSON', 200, '<html>', { source: Source.GATEWAY_METRICS }],
  ['is missing', 200, '<html>', { source: Source.OPEN_METRICS }],
  ['is there twice', 200, `${RUNNING} 1\n${RUNNING} 2`, { source: Source.OPEN_METRICS }],
  ['is no number', 200, `${RUNNING} NaN\n${QUEUED} 1`, { source: Source.OPEN_METRICS }],
  ['larger than', 200, 'x'.repeat(9_000_000), { source: Source.OPEN_METRICS }],
])('without bounds it stays healthy, and its load is unknown: %s', async (problem, status, body, load) => {
  const { found } = await probed(load, status, body);
  expect(found).toMatchObject({ outcome: 'passed', loadProblem: expect.stringContaining(problem) });
  expect(found).not.toHaveProperty('load');
});

test('with bounds it is healthy only while they are kept, and known to be', async () => {
  const load = { source: Source.OPEN_METRICS, path: '/own', bounds: [{ metric: 'nodes{role="worker"}', minimum: 2 }] };
  const lines = (nodes: number) => `${RUNNING} 0\n${QUEUED} 0\nnodes{role="worker"} ${nodes}\n`;
  const good = await probed(load, 200, lines(2));
  expect(good.found).toMatchObject({ outcome: 'passed', load: { load: 0 } });
  expect(good.asked.map(({ url }) => url)).toEqual([
    `/own?name%5B%5D=${RUNNING}&name%5B%5D=${QUEUED}&name%5B%5D=nodes`,
  ]);
  expect((await probed(load, 200, lines(1))).found).toMatchObject({
    outcome: 'failing',
    reason: 'its metrics: nodes{role="worker"} is 1, expected at least 2',
  });
  expect((await probed(load, 503, 'away')).found).toMatchObject({
    outcome: 'failing',
    reason: expect.stringContaining('503'),
  });
});
