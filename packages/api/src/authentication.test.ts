import { describe, expect, test } from '@jest/globals';
import { authenticationCheck } from './authentication.ts';

const check = authenticationCheck({
  ports: [8443],
  hosts: ['secure.example'],
  clusters: [
    { url: 'http://guarded', backendIds: ['g1', 'g2'], groupIds: ['bi', 'mixed'], openPorts: [], openHosts: [] },
    {
      url: 'http://both',
      backendIds: ['b'],
      groupIds: ['mixed', 'etl'],
      openPorts: [8081],
      openHosts: ['open.example'],
    },
  ],
});
const other = { listeningPort: 8080, host: 'other' };
const at = (given: Partial<typeof other>) => ({ ...other, ...given });
const guarded = { backendId: 'g1', url: 'http://guarded' };
const both = { backendId: 'b', url: 'http://both' };
const free = { backendId: 'f', url: 'http://free' };

test('an entry point demands authentication by its port or its host, whatever a request is for', () => {
  for (const entryPoint of [at({ listeningPort: 8443 }), at({ host: 'secure.example' })]) {
    expect(check.atEntryPoint(entryPoint)).toBe(true);
    expect(check.forCluster(entryPoint, free)).toBe(true);
    expect(check.forGroup(entryPoint, 'nobody')).toBe(true);
  }
  expect(check.atEntryPoint(other)).toBe(false);
});

describe('a guarded cluster demands authentication', () => {
  test.each<[string, typeof other, { backendId: string; url: string }, boolean]>([
    ['at an entry point that no policy names', other, guarded, true],
    ['at an entry point that a policy opens for another cluster', at({ listeningPort: 8081 }), guarded, true],
    ['at none of the ports that a policy opens for it', at({ listeningPort: 8081 }), both, false],
    ['at none of the hosts that a policy opens for it', at({ host: 'open.example' }), both, false],
    ['at all other entry points', other, both, true],
    ['under another backend with its address', other, { backendId: 'twin', url: 'http://guarded' }, true],
    ['at a former address of its backend', other, { backendId: 'g2', url: 'http://before' }, true],
    ['not for a cluster that no such policy leads to', other, free, false],
    [
      'although it is open there, at an entry point that always demands it',
      at({ listeningPort: 8081, host: 'secure.example' }),
      both,
      true,
    ],
  ])('%s', (_, entryPoint, cluster, isAsked) => {
    expect(check.forCluster(entryPoint, cluster)).toBe(isAsked);
  });
});

test('a group demands authentication where any of its clusters does', () => {
  expect(check.forGroup(other, 'bi')).toBe(true);
  expect(check.forGroup(at({ listeningPort: 8081 }), 'mixed')).toBe(true);
  expect(check.forGroup(at({ listeningPort: 8081 }), 'etl')).toBe(false);
  expect(check.forGroup(other, 'unknown')).toBe(false);
});

test('without rules nothing demands authentication', () => {
  const none = authenticationCheck({ ports: [], hosts: [], clusters: [] });
  expect([
    none.atEntryPoint(other),
    none.forCluster(other, guarded),
    none.forGroup(other, 'bi'),
    none.guardsAny,
  ]).toEqual([false, false, false, false]);
});
