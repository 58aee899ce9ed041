import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_KubernetesScaleSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger as logger } from '@trino-gateway/runtime';
import { createKubernetesScaleScaler, type Scale, scaleState } from './kubernetes-scale.ts';

const scale = (wanted: number, there: number): Scale => ({ spec: { replicas: wanted }, status: { replicas: there } });

test.each([
  ['none wanted, none there', scale(0, 0), State.STOPPED],
  ['none wanted, some there', scale(0, 2), State.STOPPING],
  ['some wanted, none there', scale(3, 0), State.STARTING],
  ['some wanted, fewer there', scale(3, 2), State.STARTING],
  ['all there', scale(3, 3), State.RUNNING],
  ['more wanted by an autoscaler than by us', scale(5, 3), State.RUNNING],
  ['fewer wanted by somebody else than by us', scale(2, 2), State.RUNNING],
  ['more there than wanted', scale(3, 4), State.RUNNING],
  ['no status yet', { spec: { replicas: 3 } }, State.STARTING],
  ['an empty object, as of a field that is not set', {}, State.STOPPED],
])('%s', (_, given, expected) => expect(scaleState(given, 3)).toBe(expected));

const never = new AbortController().signal;
const ROOT = '/apis/example.com/v1';
const PATH = `${ROOT}/namespaces/n/fleets/one/scale`;

function scripted(now: Scale, subresources: string[] = ['scale']) {
  const calls: string[] = [];
  const { monitor } = loadConfig({ env: {}, readSecret: () => '' });
  const names = ['fleets', ...subresources.map((one) => `fleets/${one}`)];
  const scaler = createKubernetesScaleScaler(monitor, {
    logger,
    kubernetes: {
      call: async ({ method, path, body }) => {
        calls.push(`${method} ${path}${body ? ` ${JSON.stringify(body)}` : ''}`);
        const resources = names.map((name) => ({
          name,
          kind: name === 'fleets' ? 'Fleet' : 'Scale',
          namespaced: true,
        }));
        return { body: path === ROOT ? { resources } : now, at: 0 };
      },
      watch: async function* () {},
      [Symbol.asyncDispose]: async () => {},
    },
  });
  const settings = create(Backend_KubernetesScaleSchema, {
    apiVersion: 'example.com/v1',
    kind: 'Fleet',
    namespace: 'n',
    name: 'one',
    replicas: 3,
  });
  return { scaler, calls, target: { backendId: 'one', isDeclared: false, settings } };
}

test('a start writes the replicas, a stop writes none', async () => {
  const { scaler, calls, target } = scripted(scale(0, 0));
  await scaler.start(target, never);
  await scaler.stop(target, never);
  expect(calls).toEqual([
    `GET ${ROOT}`,
    `GET ${PATH}`,
    `PATCH ${PATH} {"spec":{"replicas":3}}`,
    `PATCH ${PATH} {"spec":{"replicas":0}}`,
  ]);
});

test('a start of what has replicas leaves their number to whoever scaled it', async () => {
  const { scaler, calls, target } = scripted(scale(5, 1));
  await scaler.start(target, never);
  expect(calls.filter((call) => call.startsWith('PATCH'))).toEqual([]);
});

test('a kind without a scale subresource is named', async () => {
  const { scaler, target } = scripted(scale(0, 0), ['status']);
  await expect(scaler.state(target, never)).rejects.toThrow('Fleet of example.com/v1 has no scale subresource');
  await expect(scaler.check?.(target, never)).rejects.toThrow('Fleet of example.com/v1 has no scale subresource');
});
