import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, GroupSchema, PolicySchema } from '@trino-gateway/api/gateway';
import { delegatedAuthentication } from './delegated-authentication.ts';

type PolicyInit = Omit<MessageInitShape<typeof PolicySchema>, '$typeName'>;

const port = (value: number) => ({ rule: { case: 'listeningPort', value } }) as const;
const host = (value: string) => ({ rule: { case: 'host', value } }) as const;

/** Backends by id and address, groups by id (`!` behind a disabled one) and members. */
function rulesOf(backends: Record<string, string>, groups: Record<string, string[]>, ...policies: PolicyInit[]) {
  return delegatedAuthentication({
    backends: new Map(
      Object.entries(backends).map(([id, url]) => [id, { backend: create(BackendSchema, { id, url }) }]),
    ),
    groups: new Map(
      Object.entries(groups).map(([name, backendIds]) => {
        const id = name.replace('!', '');
        return [id, create(GroupSchema, { id, enabled: id === name, backendIds })];
      }),
    ),
    policies: new Map(policies.map((policy) => [policy.id ?? '', create(PolicySchema, { enabled: true, ...policy })])),
  });
}

test('entry points demand authentication by enabled port and host policies, whatever the state of the group', () => {
  const { ports, hosts } = rulesOf(
    {},
    { 'off!': [], a: [] },
    { id: 'p', groupId: 'off', authDelegated: true, ...port(8443) },
    { id: 'h', groupId: 'a', authDelegated: true, ...host('Secure.example') },
    { id: 'd', enabled: false, groupId: 'a', authDelegated: true, ...port(9000) },
    { id: 'o', groupId: 'a', ...port(8080) },
  );
  expect({ ports, hosts }).toEqual({ ports: [8443], hosts: ['secure.example'] });
});

test('clusters of the group and of the fallback group are guarded, also those of a disabled group', () => {
  const { clusters } = rulesOf(
    { a: 'http://a', b: 'http://b', c: 'http://c' },
    { 'one!': ['a'], two: ['b'], three: ['c'] },
    { id: 'p', groupId: 'one', fallbackGroupId: 'two', authDelegated: true, ...host('x') },
    { id: 'disabled', enabled: false, groupId: 'three', authDelegated: true, ...host('y') },
  );
  expect(clusters.map(({ url }) => url)).toEqual(['http://a', 'http://b']);
});

test('a cluster is an address: all its backends and groups are named, and opened together', () => {
  const { clusters } = rulesOf(
    { a: 'http://one', twin: 'http://one', b: 'http://two' },
    { guarded: ['a'], open: ['twin', 'b'], spare: ['b'] },
    { id: 'g', groupId: 'guarded', authDelegated: true, ...host('secure.example') },
    { id: 'o', groupId: 'open', ...port(8080) },
    { id: 'h', groupId: 'spare', fallbackGroupId: 'open', ...host('Open.Example') },
  );
  expect(clusters).toEqual([
    {
      url: 'http://one',
      backendIds: ['a', 'twin'],
      groupIds: ['guarded', 'open'],
      openPorts: [8080],
      openHosts: ['open.example'],
    },
  ]);
});

test('a policy opens a cluster only when it is enabled, and by a port or a host', () => {
  const { clusters } = rulesOf(
    { a: 'http://a' },
    { guarded: ['a'] },
    { id: 'g', groupId: 'guarded', authDelegated: true, ...host('secure.example') },
    { id: 'off', enabled: false, groupId: 'guarded', ...port(8080) },
    { id: 'tags', groupId: 'guarded', rule: { case: 'clientTags', value: { anyOf: ['x'] } } },
  );
  expect(clusters).toMatchObject([{ openPorts: [], openHosts: [] }]);
});
