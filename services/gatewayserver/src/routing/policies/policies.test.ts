import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { type Policy, PolicySchema } from '@trino-gateway/api/gateway';
import { comparableHost } from '@trino-gateway/trino/host';
import fc from 'fast-check';
import { type ClientRequest, readRequest } from '../chain/routed-query.ts';
import { indexPolicies } from './policy-index.ts';
import { evaluatePolicies, firstPolicyOf, matchingPolicies } from './verdict.ts';

type PolicyInit = Omit<MessageInitShape<typeof PolicySchema>, '$typeName'>;

const port = (value: number) => ({ rule: { case: 'listeningPort', value } }) as const;
const host = (value: string) => ({ rule: { case: 'host', value } }) as const;
const tags = (anyOf: string[], allOf: string[] = []) =>
  ({ rule: { case: 'clientTags', value: { anyOf, allOf } } }) as const;
const pairs = (properties: Record<string, string>) =>
  ({ rule: { case: 'connectionProperties', value: { properties } } }) as const;
const exactly = (exact: string) => ({ rule: { case: 'connectionProperties', value: { exact } } }) as const;

const policies = (...given: PolicyInit[]): Policy[] =>
  given.map((one) => create(PolicySchema, { enabled: true, ...one }));
const request = (given: Partial<ClientRequest> & { tags?: string; properties?: string } = {}) =>
  readRequest({
    listeningPort: given.listeningPort ?? 8080,
    host: given.host ?? 'gw.example',
    headers: [
      ...(given.tags === undefined ? [] : [{ name: 'X-Trino-Client-Tags', value: given.tags }]),
      ...(given.properties === undefined ? [] : [{ name: 'x-trino-connection-properties', value: given.properties }]),
      ...(given.headers ?? []),
    ],
  });
const evaluated = (given: Policy[], asked = request()) => {
  const verdict = evaluatePolicies(indexPolicies(given), asked);
  return {
    groups: verdict.groupIds,
    fallbacks: verdict.fallbackGroupIds,
    policies: matchingPolicies(verdict).map(({ id }) => id),
  };
};
const matches = (policy: PolicyInit, asked: ReturnType<typeof request>) =>
  evaluated(policies({ id: 'p', groupId: 'a', ...policy }), asked).groups.length === 1;

describe('a rule', () => {
  test.each<[string, PolicyInit, Parameters<typeof request>[0], boolean]>([
    ['port', port(8080), {}, true],
    ['another port', port(8081), {}, false],
    ['host', host('gw.example'), {}, true],
    ['host in other case', host('GW.Example'), { host: 'gw.EXAMPLE' }, true],
    ['host with a port', host('gw.example'), { host: 'gw.example:8080' }, true],
    ['IPv6 with brackets and port', host('::1'), { host: '[::1]:8080' }, true],
    ['IPv6 rule with brackets', host('[::1]'), { host: '[::1]' }, true],
    ['host with a dot at the end', host('gw.example'), { host: 'gw.example.' }, true],
    ['host with an empty port', host('gw.example'), { host: 'gw.example:' }, true],
    ['IPv6 in another spelling', host('2001:db8:0:0::1'), { host: '[2001:DB8::1]:8080' }, true],
    ['no host', host('gw.example'), { host: '' }, false],
    ['a host that is none, with a rule that is none', host('a..b'), { host: 'c..d' }, false],
    ['another host', host('gw.example'), { host: 'gw.example.org' }, false],
    ['one tag of any', tags(['x', 'y']), { tags: 'y' }, true],
    ['tags trimmed', tags(['y']), { tags: 'a , y ,' }, true],
    ['tags with case', tags(['y']), { tags: 'Y' }, false],
    ['no tag', tags(['y']), {}, false],
    ['all tags', tags([], ['x', 'y']), { tags: 'y,z,x' }, true],
    ['not all tags', tags([], ['x', 'y']), { tags: 'x' }, false],
    ['any and all', tags(['a', 'b'], ['x']), { tags: 'x,b' }, true],
    ['all but not any', tags(['a', 'b'], ['x']), { tags: 'x' }, false],
    ['any but not all', tags(['a', 'b'], ['x']), { tags: 'a' }, false],
    ['first line only', tags(['b']), { tags: 'a', headers: [{ name: 'X-Trino-Client-Tags', value: 'b' }] }, false],
    ['X-Presto tags', tags(['b']), { headers: [{ name: 'X-Presto-Client-Tags', value: 'b' }] }, true],
    ['property decoded', pairs({ team: 'data eng' }), { properties: 'x=1,team=data%20eng' }, true],
    ['every property', pairs({ team: 'data', x: '1' }), { properties: 'x=1,team=data' }, true],
    ['one property missing', pairs({ team: 'data', x: '1' }), { properties: 'team=data' }, false],
    ['other value', pairs({ team: 'data' }), { properties: 'team=Data' }, false],
    ['exact text', exactly('team=data,x=1'), { properties: 'team=data,x=1' }, true],
    ['exact text in other order', exactly('team=data,x=1'), { properties: 'x=1,team=data' }, false],
    ['exact text that is no list', exactly('%%'), { properties: '%%' }, true],
    ['properties out of a malformed list', pairs({ x: '1' }), { properties: 'x=1,y=%%' }, false],
  ])('matches or not: %s', (_, policy, given, expected) => {
    expect(matches(policy, request(given))).toBe(expected);
  });

  test.each([
    ['Example.COM', 'example.com'],
    ['example.com:443', 'example.com'],
    ['[2001:DB8::1]:8080', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['', ''],
  ])('a host is compared without case and port: %s', (given, expected) => {
    expect(comparableHost(given)).toBe(expected);
  });
});

describe('combining policies', () => {
  test('policies of one kind add up, in the order of ids', () => {
    const given = policies({ id: '2', groupId: 'b', ...port(8080) }, { id: '1', groupId: 'a', ...port(8080) });
    expect(evaluated(given)).toEqual({ groups: ['a', 'b'], fallbacks: [], policies: ['1', '2'] });
  });

  test('policies of different kinds narrow each other down', () => {
    const given = policies(
      { id: 'p1', groupId: 'a', ...port(8080) },
      { id: 'p2', groupId: 'b', ...port(8080) },
      { id: 'h1', groupId: 'b', ...host('gw.example') },
      { id: 'h2', groupId: 'c', ...host('gw.example') },
      { id: 't1', groupId: 'b', ...tags(['x']) },
      { id: 'c1', groupId: 'b', ...pairs({ team: 'data' }) },
    );
    const asked = request({ tags: 'x', properties: 'team=data' });
    expect(evaluated(given, asked).groups).toEqual(['b']);
  });

  test('a kind that matches nothing narrows nothing', () => {
    const given = policies({ id: 'p', groupId: 'a', ...port(8080) }, { id: 'h', groupId: 'b', ...host('other') });
    expect(evaluated(given).groups).toEqual(['a']);
  });

  test('nothing in common leaves the fallback groups, by the same rule', () => {
    const given = policies(
      { id: 'p', groupId: 'a', fallbackGroupId: 'c', ...port(8080) },
      { id: 'p2', groupId: 'a', fallbackGroupId: 'd', ...port(8080) },
      { id: 'h', groupId: 'b', fallbackGroupId: 'd', ...host('gw.example') },
      { id: 't', groupId: 'c', ...tags(['x']) },
    );
    expect(evaluated(given, request({ tags: 'x' }))).toMatchObject({ groups: [], fallbacks: ['d'] });
  });

  test('disabled policies do not exist', () => {
    const given = policies(
      { id: 'p', groupId: 'a', ...port(8080) },
      { id: 'disabled', enabled: false, groupId: 'b', ...host('gw.example') },
    );
    expect(evaluated(given)).toEqual({ groups: ['a'], fallbacks: [], policies: ['p'] });
  });

  test('the first policy by id speaks for a group', () => {
    const given = policies(
      { id: 'z', groupId: 'a', ...port(8080) },
      { id: 'b', groupId: 'a', requestSource: 'bi', ...host('gw.example') },
      { id: 'a', groupId: 'b', fallbackGroupId: 'a', ...port(8080) },
    );
    const verdict = evaluatePolicies(indexPolicies(given), request());
    expect(firstPolicyOf(verdict, 'a', false)?.id).toBe('b');
    expect(firstPolicyOf(verdict, 'a', true)?.id).toBe('a');
    expect(firstPolicyOf(verdict, 'c', false)).toBeUndefined();
  });

  test('the groups left are those that every matching kind names (property)', () => {
    const kinds = [port(8080), host('gw.example'), tags(['x']), pairs({ k: 'v' })];
    const some = fc.array(
      fc.record({ kind: fc.nat(3), groupId: fc.constantFrom('a', 'b', 'c', 'd'), enabled: fc.boolean() }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(some, (drawn) => {
        const given = policies(
          ...drawn.map(({ kind, ...rest }, at) => ({ id: `p${at}`, ...rest, ...(kinds[kind] ?? port(8080)) })),
        );
        const asked = request({ tags: 'x', properties: 'k=v' });
        const existing = drawn.filter(({ enabled }) => enabled);
        const named = [0, 1, 2, 3]
          .map((kind) => existing.filter((one) => one.kind === kind).map(({ groupId }) => groupId))
          .filter((ids) => ids.length > 0);
        const expected =
          named.length === 0
            ? []
            : ['a', 'b', 'c', 'd'].filter((id) => named.every((ids) => (ids as string[]).includes(id)));
        expect(evaluated(given, asked).groups).toEqual(expected);
      }),
    );
  });
});
