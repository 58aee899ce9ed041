import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  Backend_ForwardedHeaders,
  Backend_Forwarding,
  BackendSchema,
  Group_Strategy,
  GroupSchema,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import { backendKind, groupKind, policyKind } from '../kinds/index.ts';
import { isStoredAs } from './stored-form.ts';

type BackendInit = MessageInitShape<typeof BackendSchema>;

describe('a backend', () => {
  const stored = create(BackendSchema, {
    id: 'a',
    url: 'http://a:8080',
    enabled: false,
    forwardedHeaders: Backend_ForwardedHeaders.AUTO,
    forwarding: Backend_Forwarding.PROXY,
    probe: { user: 'u', password: '********' },
    condition: { available: true, liveQueries: 3 },
  });
  const probe = { user: 'u', password: 'secret' };
  const cases: [string, BackendInit, boolean][] = [
    ['what a reader was shown', { ...stored }, true],
    ['what is filled in or only answered', { id: 'a', url: 'HTTP://A:8080/', probe }, true],
    ['what is said explicitly', { id: 'a', url: 'http://a:8080', enabled: false, probe, forwarding: 1 }, true],
    ['another address', { id: 'a', url: 'http://a:8081', probe }, false],
    ['enabled', { id: 'a', url: 'http://a:8080', enabled: true, probe }, false],
    ['another choice', { id: 'a', url: 'http://a:8080', probe, forwarding: Backend_Forwarding.DIRECT }, false],
    ['a new label', { id: 'a', url: 'http://a:8080', probe, labels: { site: 'north' } }, false],
    ['no password any more', { id: 'a', url: 'http://a:8080', probe: { user: 'u' } }, false],
    ['a token file instead', { id: 'a', url: 'http://a:8080', probe: { tokenFile: '/run/a' } }, false],
    ['no probe any more', { id: 'a', url: 'http://a:8080' }, false],
  ];
  test.each(cases)('%s', (_what, wanted, same) => {
    expect(isStoredAs(backendKind, create(BackendSchema, wanted), stored)).toBe(same);
  });
});

test('a group: the order of its members counts, the default strategy is one', () => {
  const stored = create(GroupSchema, {
    id: 'g',
    backendIds: ['a', 'b'],
    enabled: true,
    strategy: Group_Strategy.LEAST_LOAD,
  });
  const same = (backendIds: string[], strategy?: Group_Strategy) =>
    isStoredAs(groupKind, create(GroupSchema, { id: 'g', backendIds, ...(strategy && { strategy }) }), stored);
  expect([same(['a', 'b']), same(['b', 'a']), same(['a', 'b'], Group_Strategy.RANDOM)]).toEqual([true, false, false]);
});

test('a policy: blanks around its tags do not count', () => {
  const policy = (anyOf: string[], managedBy = '') =>
    create(PolicySchema, {
      id: 'p',
      groupId: 'g',
      managedBy,
      enabled: true,
      rule: { case: 'clientTags', value: { anyOf } },
    });
  expect(isStoredAs(policyKind, policy([' x ']), policy(['x'], 'file'))).toBe(true);
  expect(isStoredAs(policyKind, policy(['X']), policy(['x']))).toBe(false);
});
