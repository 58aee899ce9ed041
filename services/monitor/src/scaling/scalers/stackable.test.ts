import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_StackableSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger } from '@trino-gateway/runtime';
import type { KubernetesCall } from '../../kubernetes/kubernetes.ts';
import { clusterState, createStackableScaler, type TrinoCluster } from './stackable.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();
const cluster = (
  stopped: boolean | undefined,
  available?: string,
  since?: string,
  more: object = {},
): TrinoCluster => ({
  metadata: { generation: 7, ...more },
  spec: stopped === undefined ? {} : { clusterOperation: { stopped } },
  ...(available && {
    status: { conditions: [{ type: 'Available', status: available, ...(since && { lastTransitionTime: since }) }] },
  }),
});

test.each([
  ['is stopped, and not available', cluster(true, 'False', ago(60)), State.STOPPED],
  ['is stopped, and nothing is known of it', cluster(true), State.STOPPED],
  ['is stopped, and still available', cluster(true, 'True', ago(60)), State.STOPPING],
  ['is not stopped, and available for long', cluster(false, 'True', ago(60)), State.RUNNING],
  ['says nothing of being stopped, and is available', cluster(undefined, 'True', ago(60)), State.RUNNING],
  ['is available for 4 s', cluster(false, 'True', ago(4)), State.STARTING],
  ['is available for 5 s', cluster(false, 'True', ago(5)), State.RUNNING],
  ['is available, and does not say since when', cluster(false, 'True'), State.RUNNING],
  ['is available since some time tomorrow, by another clock', cluster(false, 'True', ago(-80_000)), State.RUNNING],
  ['is not available yet', cluster(false, 'False', ago(60)), State.STARTING],
  ['is perhaps available', cluster(false, 'Unknown', ago(60)), State.STARTING],
  ['is new', cluster(false), State.STARTING],
  ['is deleted, and available', cluster(false, 'True', ago(60), { deletionTimestamp: ago(1) }), State.STOPPING],
  ['is deleted, and gone', cluster(false, 'False', ago(60), { deletionTimestamp: ago(1) }), State.STOPPED],
])('a cluster that %s', (_, given, expected) => expect(clusterState(given, NOW)).toBe(expected));

test('what the operator said before it saw the newest spec does not make a cluster ready', () => {
  const stale = cluster(false, 'True', ago(60));
  Object.assign(stale.status?.conditions?.[0] ?? {}, { observedGeneration: 6 });
  expect(clusterState(stale, NOW)).toBe(State.STARTING);
});

test('a cluster that the operator is told to leave alone would never start, which is said', () => {
  const paused = { spec: { clusterOperation: { stopped: false, reconciliationPaused: true } } };
  expect(() => clusterState(paused, NOW)).toThrow('reconciliationPaused is true');
});

function scripted(answer: (call: KubernetesCall) => unknown) {
  const calls: string[] = [];
  const lines: object[] = [];
  const { monitor } = loadConfig({ env: {}, readSecret: () => '' });
  const scaler = createStackableScaler(monitor, {
    logger: { ...silentLogger, warn: (message, fields) => void lines.push({ message, ...fields }) },
    kubernetes: {
      call: async (call) => {
        calls.push(`${call.method} ${call.path} ${JSON.stringify(call.body ?? call.query ?? {})}`);
        return { body: answer(call), at: NOW };
      },
      watch: async function* () {},
      [Symbol.asyncDispose]: async () => {},
    },
  });
  return { scaler, calls, lines };
}
const target = {
  backendId: 'one',
  isDeclared: false,
  settings: create(Backend_StackableSchema, { namespace: 'n', name: 'trino' }),
};
const never = new AbortController().signal;
const PATH = '/apis/trino.stackable.tech/v1alpha1/namespaces/n/trinoclusters/trino';

test('a start and a stop are one patch each, of one field', async () => {
  const { scaler, calls } = scripted(() => ({}));
  await scaler.start(target, never);
  await scaler.stop(target, never);
  expect(calls).toEqual([
    `PATCH ${PATH} {"spec":{"clusterOperation":{"stopped":false}}}`,
    `PATCH ${PATH} {"spec":{"clusterOperation":{"stopped":true}}}`,
  ]);
});

test('somebody else who writes the same field is named, once', async () => {
  const { scaler, lines } = scripted(() => ({
    ...cluster(true),
    metadata: {
      managedFields: [
        { manager: 'argocd', fieldsV1: { 'f:spec': { 'f:clusterOperation': { 'f:stopped': {} } } } },
        { manager: 'operator', fieldsV1: { 'f:status': {} } },
      ],
    },
  }));
  await scaler.start(target, never);
  for (let round = 0; round < 3; round += 1) expect(await scaler.state(target, never)).toBe(State.STOPPED);
  expect(lines).toEqual([
    {
      message: 'somebody else writes whether a TrinoCluster is stopped',
      backend: 'one',
      stopped: true,
      managers: ['argocd'],
    },
  ]);
});

test('the rights that it needs are get and patch on that one cluster', async () => {
  const { scaler, calls } = scripted(() => ({ status: { allowed: true } }));
  await scaler.check?.(target, never);
  expect(calls.map((call) => /"verb":"(\w+)"/.exec(call)?.[1])).toEqual(['get', 'patch']);
  expect(calls[0]).toContain(
    '"group":"trino.stackable.tech","resource":"trinoclusters","namespace":"n","name":"trino"',
  );
});
