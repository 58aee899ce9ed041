import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema } from '../gen/trinogateway/v1/gateway_pb.ts';
import { sharedTargetProblems } from './scaler-target.ts';

type Kind = NonNullable<NonNullable<MessageInitShape<typeof BackendSchema>['scaler']>['kind']>;

const backend = (id: string, kind?: Kind) => create(BackendSchema, { id, ...(kind && { scaler: { kind } }) });
const stackable = (name: string, namespace = 'data'): Kind => ({ case: 'stackable', value: { namespace, name } });
const scale = (apiVersion: string, kind: string, name: string, replicas = 1): Kind => ({
  case: 'kubernetesScale',
  value: { apiVersion, kind, namespace: 'data', name, replicas },
});
const webhook: Kind = { case: 'webhook', value: { url: 'http://scaler' } };
const command: Kind = { case: 'command', value: { start: ['/bin/true'], stop: ['/bin/true'], state: ['/bin/true'] } };

test.each<[string, Kind | undefined, Kind | undefined, boolean]>([
  ['the same TrinoCluster', stackable('a'), stackable('a'), true],
  ['of another name', stackable('a'), stackable('b'), false],
  ['of another namespace', stackable('a'), stackable('a', 'other'), false],
  [
    'the same Deployment, whatever the replicas',
    scale('apps/v1', 'Deployment', 'a'),
    scale('apps/v1', 'Deployment', 'a', 3),
    true,
  ],
  [
    'by another version of its API',
    scale('apps/v1', 'Deployment', 'a'),
    scale('apps/v1beta1', 'Deployment', 'a'),
    true,
  ],
  ['of another kind', scale('apps/v1', 'Deployment', 'a'), scale('apps/v1', 'StatefulSet', 'a'), false],
  ['a TrinoCluster both ways', stackable('a'), scale('trino.stackable.tech/v1alpha1', 'TrinoCluster', 'a'), true],
  ['the same webhook, which is told which backend', webhook, webhook, false],
  ['the same command, which is told which backend', command, command, false],
  ['no scaler', undefined, undefined, false],
])('%s', (_, one, other, isShared) => {
  const problems = sharedTargetProblems(backend('one', one), [backend('one', one), backend('other', other)]);
  const message = 'expected what no other backend is scaled by, got that of "other"';
  expect(problems).toEqual(isShared ? [{ field: 'scaler', message }] : []);
});
