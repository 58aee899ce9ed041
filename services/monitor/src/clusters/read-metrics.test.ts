import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_Probe_LoadSchema } from '@trino-gateway/api/gateway';
import { gatewayMetrics, openMetrics } from './read-metrics.ts';

const open = (text: string, init: MessageInitShape<typeof Backend_Probe_LoadSchema> = {}) =>
  openMetrics(create(Backend_Probe_LoadSchema, { runningMetric: 'running', queuedMetric: 'queued', ...init }), text);

test('by the numbers of queries the load is that of SQL', () => {
  expect(open('running 3.0\nqueued 6.0')).toEqual({ load: { load: 8, running: 3, queued: 6 } });
});

test('without names those of Trino are read', () => {
  const name = 'trino_execution_name_QueryManager_';
  const text = `${name}RunningQueries 1.0\n${name}QueuedQueries 0.0\n`;
  expect(open(text, { runningMetric: '', queuedMetric: '' })).toMatchObject({ load: { running: 1, queued: 0 } });
});

test.each([
  ['running 1', 'queued is missing'],
  ['running -1\nqueued 0', 'running is -1'],
  ['running 1e12\nqueued 0', 'running is 1000000000000'],
  ['', 'running is missing'],
])('the load is unknown, and not zero: %j', (text, loadProblem) => expect(open(text)).toEqual({ loadProblem }));

test.each([
  [{ minimum: 1 }, 1, undefined],
  [{ minimum: 1 }, 0.9, 'nodes is 0.9, expected at least 1'],
  [{ maximum: 0 }, 0, undefined],
  [{ maximum: 0 }, 0.1, 'nodes is 0.1, expected at most 0'],
  [{ minimum: 1, maximum: 2 }, 3, 'nodes is 3, expected at most 2'],
])('a bound %j on %d is kept, or it says: %s', (bound, value, unhealthy) => {
  const text = `running 0\nqueued 0\nnodes ${value}`;
  expect(open(text, { bounds: [{ metric: 'nodes', ...bound }] }).unhealthy).toBe(unhealthy);
});

test('a bound on what is missing is broken', () => {
  expect(open('running 0\nqueued 0', { bounds: [{ metric: 'nodes', minimum: 0 }] })).toMatchObject({
    unhealthy: 'nodes is missing',
    load: { load: 0 },
  });
});

test('of the metrics for gateways the load is the CPU use of all nodes in percent', () => {
  const of = (text: string) => gatewayMetrics(text);
  expect(of('{"clusterSize":4,"totalFreeBytes":9,"aggregatedSystemLoad":1.0}')).toEqual({
    workers: 4,
    load: { load: 25 },
  });
  expect(of('{"clusterSize":0,"totalFreeBytes":0,"aggregatedSystemLoad":0}')).toEqual({
    workers: 0,
    load: { load: 0 },
  });
});

test.each([
  '{}',
  '[]',
  'null',
  '1',
  '{"clusterSize":"4"}',
  '{"clusterSize":-1}',
  '{"clusterSize":1.5}',
  '{"clusterSize":1e99}',
])('%j does not say how many nodes there are', (text) =>
  expect(gatewayMetrics(text)).toEqual({ loadProblem: expect.stringContaining('does not say clusterSize') }),
);

test.each(['"1"', 'null', '-1', '1e999', '5'])('a load of %s is unknown', (load) => {
  expect(gatewayMetrics(`{"clusterSize":4,"aggregatedSystemLoad":${load}}`)).toEqual({
    workers: 4,
    loadProblem: expect.stringContaining('does not say aggregatedSystemLoad'),
  });
});
