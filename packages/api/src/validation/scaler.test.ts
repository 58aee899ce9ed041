import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type Backend_ScalerSchema, BackendSchema } from '../gen/trinogateway/v1/gateway_pb.ts';
import { backendProblems, sharedTargetProblems } from './index.ts';

type Kind = NonNullable<MessageInitShape<typeof Backend_ScalerSchema>['kind']>;
const backend = (kind?: Kind) =>
  create(BackendSchema, { id: 'a', url: 'http://a:8080', scaler: { ...(kind && { kind }) } });
const problems = (kind?: Kind) => backendProblems(backend(kind)).map(({ field, message }) => `${field}: ${message}`);
const stackable = (value: object): Kind => ({ case: 'stackable', value: { namespace: 'n', name: 'trino', ...value } });
const scale = (value: object): Kind => ({
  case: 'kubernetesScale',
  value: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'n', name: 'trino', replicas: 3, ...value },
});
const webhook = (url: string): Kind => ({ case: 'webhook', value: { url } });
const command = (value: object): Kind => ({
  case: 'command',
  value: { start: ['/bin/start'], stop: ['/bin/stop', '-x'], state: ['/bin/state', ''], ...value },
});

test.each<[string, Kind]>([
  ['stackable', stackable({})],
  ['a name with dots', stackable({ name: 'trino.small-1' })],
  ['kubernetes_scale', scale({})],
  ['the core group', scale({ apiVersion: 'v1', kind: 'ReplicationController' })],
  ['a custom resource', scale({ apiVersion: 'trino.example.com/v1beta12', kind: 'TrinoFleet', replicas: 0 })],
  ['webhook', webhook('https://scaler.example/trino?site=a')],
  ['command', command({ timeLimitMs: 600_000 })],
])('%s is accepted', (_, kind) => expect(problems(kind)).toEqual([]));

test.each<[string, Kind]>([
  ['scaler.stackable.namespace', stackable({ namespace: '' })],
  ['scaler.stackable.namespace', stackable({ namespace: 'a.b' })],
  ['scaler.stackable.namespace', stackable({ namespace: 'Ä' })],
  ['scaler.stackable.namespace', stackable({ namespace: 'x'.repeat(64) })],
  ['scaler.stackable.name', stackable({ name: '' })],
  ['scaler.stackable.name', stackable({ name: 'Trino' })],
  ['scaler.stackable.name', stackable({ name: '../secrets' })],
  ['scaler.stackable.name', stackable({ name: 'a..b' })],
  ['scaler.stackable.name', stackable({ name: 'a\0' })],
  ['scaler.stackable.name', stackable({ name: 'a\n' })],
  ['scaler.kubernetes_scale.api_version', scale({ apiVersion: '' })],
  ['scaler.kubernetes_scale.api_version', scale({ apiVersion: 'apps' })],
  ['scaler.kubernetes_scale.api_version', scale({ apiVersion: 'apps/v1/x' })],
  ['scaler.kubernetes_scale.api_version', scale({ apiVersion: '/v1' })],
  ['scaler.kubernetes_scale.kind', scale({ kind: '' })],
  ['scaler.kubernetes_scale.kind', scale({ kind: 'a/b' })],
  ['scaler.kubernetes_scale.replicas', scale({ replicas: -1 })],
  ['scaler.kubernetes_scale.replicas', scale({ replicas: 10_001 })],
  ['scaler.webhook.url', webhook('')],
  ['scaler.webhook.url', webhook('ftp://a')],
  ['scaler.webhook.url', webhook('https://user:secret@a/')],
  ['scaler.webhook.url', webhook('https://@a/')],
  ['scaler.webhook.url', webhook('https://a/#x')],
  ['scaler.webhook.url', webhook('https://a/\r\nX: y')],
  ['scaler.webhook.url', webhook(`https://a/${'x'.repeat(2_000)}`)],
  ['scaler.command.start', command({ start: [] })],
  ['scaler.command.start', command({ start: ['start.sh'] })],
  ['scaler.command.stop', command({ stop: ['/bin/sh\0'] })],
  ['scaler.command.state', command({ state: ['/bin/sh', 'x'.repeat(4_097)] })],
  ['scaler.command.state', command({ state: Array.from({ length: 101 }, () => '/x') })],
  ['scaler.command.time_limit_ms', command({ timeLimitMs: -1 })],
  ['scaler.command.time_limit_ms', command({ timeLimitMs: 600_001 })],
])('%s is refused', (field, kind) => {
  const found = problems(kind);
  expect([...new Set(found.map((problem) => problem.split(':')[0]))]).toEqual([field]);
  expect(found.join()).not.toContain('secret@');
  expect(found.join().length).toBeLessThan(400);
});

test('a scaler of no kind is refused', () => {
  expect(problems()).toEqual(['scaler: expected one of stackable, kubernetes_scale, webhook and command']);
});

test('backends that would start and stop the same object are problems, in whatever version they name it', () => {
  const collides = (one: Kind, other: Kind) =>
    sharedTargetProblems(backend(one), [{ ...backend(other), id: 'b' }]).length > 0;
  expect(collides(scale({ apiVersion: 'apps/v1beta1' }), scale({}))).toBe(true);
  const asScale = scale({ apiVersion: 'trino.stackable.tech/v1alpha1', kind: 'TrinoCluster' });
  expect(collides(asScale, stackable({}))).toBe(true);
  expect(collides(scale({ name: 'other' }), scale({}))).toBe(false);
  expect(collides(scale({ kind: 'StatefulSet' }), scale({}))).toBe(false);
  expect(collides(scale({ apiVersion: 'v1' }), scale({}))).toBe(false);
  expect(collides(webhook('https://a'), webhook('https://a'))).toBe(false);
});
