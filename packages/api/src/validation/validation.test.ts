import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  Backend_Probe_Kind,
  BackendSchema,
  type Group_Queue_WhenUnavailable,
  Group_Strategy,
  GroupSchema,
  PolicySchema,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { policyRules } from '../policy-rules/index.ts';
import { backendProblems, groupProblems, isId, policyProblems } from './index.ts';

const backend = (init: MessageInitShape<typeof BackendSchema>) =>
  backendProblems(create(BackendSchema, { id: 'a', url: 'http://a:8080', ...init }));
const group = (init: MessageInitShape<typeof GroupSchema>) =>
  groupProblems(create(GroupSchema, { id: 'g', backendIds: ['a'], ...init }));
const policy = (init: MessageInitShape<typeof PolicySchema>) =>
  policyProblems(create(PolicySchema, { id: 'p', groupId: 'g', rule: { case: 'host', value: 'a' }, ...init }));
const fields = (problems: { field: string }[]) => problems.map(({ field }) => field);

const GOOD_IDS = ['a', 'A.b_c-9', 'x'.repeat(128), '..', '-', '0'];
const BAD_IDS = ['', 'x'.repeat(129), 'x'.repeat(300), 'a b', 'a/b', 'ä', 'a\n', 'a\0', "a'b", '%61', 'a,b'];

test.each(GOOD_IDS)('%j is an id', (id) => expect(isId(id)).toBe(true));
test.each(BAD_IDS)('%j is no id', (id) => {
  expect(isId(id)).toBe(false);
  expect(fields(backend({ id }))).toEqual(['id']);
  expect(fields(group({ id }))).toEqual(['id']);
  expect(fields(policy({ id }))).toEqual(['id']);
});

describe('backends', () => {
  test.each([
    'http://a',
    'http://a/',
    'HTTP://A.example:8080',
    'https://a.example:8443',
    'http://10.0.0.1:80',
    'http://[::1]:8080',
    'http://a_b:1',
  ])('url %j is accepted', (url) => expect(backend({ url })).toEqual([]));

  test.each([
    '',
    'a:8080',
    '//a',
    'ftp://a',
    'http://',
    'http:///x',
    'http:a',
    'http://a:99999',
    'http://a:x',
    'http://a/path',
    'http://a?x',
    'http://a#x',
    'http://user:secret@a',
    'http://user@a',
    'http://a\\b',
    'http://a b',
    'http://a\r\nX: y',
    ' http://a',
    `http://${'a'.repeat(2_000)}`,
    'javascript:alert(1)',
  ])('url %j is refused', (url) => {
    const problems = backend({ url });
    expect(fields(problems)).toEqual(['url']);
    expect(problems[0]?.message).not.toContain('secret');
    expect(problems[0]?.message.length).toBeLessThan(250);
  });

  test.each([
    ['load_threshold', { loadThreshold: -1 }],
    ['load_threshold', { loadThreshold: Number.NaN }],
    ['load_threshold', { loadThreshold: Number.POSITIVE_INFINITY }],
    ['weight', { weight: -1 }],
    ['weight', { weight: 1_000_001 }],
    ['labels', { labels: { 'a b': 'x' } }],
    ['labels', { labels: { a: 'x'.repeat(257) } }],
    ['labels', { labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x'])) }],
    ['forwarded_headers', { forwardedHeaders: 4 }],
    ['forwarded_headers', { forwardedHeaders: -1 }],
    ['forwarding', { forwarding: 3 }],
    ['forwarding', { forwarding: -1 }],
    ['external_url', { externalUrl: 'a:8080' }],
    ['external_url', { externalUrl: 'http://a/path' }],
    ['external_url', { externalUrl: 'http://user:secret@a' }],
    ['external_url', { externalUrl: 'javascript:alert(1)' }],
    ['external_url', { externalUrl: ' ' }],
    ['uptime_schedule', { uptimeSchedule: '* * * * * *' }],
    ['uptime_schedule', { uptimeSchedule: '* 25 * * *' }],
    ['uptime_schedule', { uptimeSchedule: '@daily', timeZone: 'UTC' }],
    ['time_zone', { uptimeSchedule: '* * * * *', timeZone: 'Mars/Olympus' }],
    ['time_zone', { timeZone: 'UTC' }],
    ['probe.statement', { probe: { statement: 'x'.repeat(10_001) } }],
    ['probe.user', { probe: { user: 'a\nb' } }],
    ['probe.user', { probe: { user: 'x'.repeat(1_001) } }],
    ['probe.user', { probe: { password: 'secret' } }],
    ['probe.user', { probe: { user: 'a:b', password: 'secret' } }],
    ['probe.password', { probe: { user: 'u', password: 'secret€' } }],
    ['probe.password', { probe: { user: 'u', password: 'x'.repeat(1_001) } }],
    ['probe.password', { probe: { user: 'u', password: 'sealed:v1:AAAA' } }],
    ['probe.token', { probe: { token: 'secret secret' } }],
    ['probe.token', { probe: { token: 'secretü' } }],
    ['probe.token', { probe: { token: 'sealed:v1:AAAA' } }],
    ['probe.token', { probe: { token: 'x'.repeat(16_385) } }],
    ['probe.token', { probe: { user: 'u', password: 'secret', token: 'secret' } }],
    ['probe.token_file', { probe: { tokenFile: 'tokens/a' } }],
    ['probe.token_file', { probe: { tokenFile: `/${'x'.repeat(1_000)}` } }],
    ['probe.token_file', { probe: { tokenFile: '/run/a\n' } }],
    ['probe.token_file', { probe: { tokenFile: '/run/a', token: 'secret' } }],
    ['probe.token_file', { probe: { tokenFile: '/run/a', user: 'u', password: 'secret' } }],
    ['probe.kind', { probe: { kind: 3 } }],
    ['probe.statement', { probe: { kind: Backend_Probe_Kind.INFO_ONLY, statement: 'SELECT 1' } }],
    ['tls', { tls: { caFile: '/ca.pem' } }],
    ['tls.ca_file', { url: 'https://a', tls: { caFile: 'ca.pem' } }],
    ['tls.ca_file', { url: 'https://a', tls: { caFile: `/${'x'.repeat(1_000)}` } }],
    ['tls.ca_file', { url: 'https://a', tls: { caFile: '/ca\0.pem' } }],
    ['tls.key_file', { url: 'https://a', tls: { certFile: '/cert.pem' } }],
    ['tls.key_file', { url: 'https://a', tls: { keyFile: '/key.pem' } }],
    ['tls.server_name', { url: 'https://a', tls: { serverName: 'a:443' } }],
    ['tls.server_name', { url: 'https://a', tls: { serverName: '127.0.0.1' } }],
    ['tls.server_name', { url: 'https://a', tls: { serverName: '*.example' } }],
  ] as [string, MessageInitShape<typeof BackendSchema>][])('%s: %j is refused', (field, init) => {
    const problems = backend(init);
    expect(fields(problems)).toEqual([field]);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });

  test('the bounds themselves are accepted', () => {
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`l${at}`, 'x'.repeat(256)]));
    const probe = { statement: 'x'.repeat(10_000), user: 'ü'.repeat(1_000), password: 'secret' };
    expect(backend({ loadThreshold: 0, weight: 1_000_000, labels, forwardedHeaders: 3, probe })).toEqual([]);
    expect(backend({ loadThreshold: 0.5, weight: 0 })).toEqual([]);
    const tls = { caFile: '/ca.pem', certFile: '/cert.pem', keyFile: '/key.pem', serverName: 'trino.internal' };
    expect(backend({ url: 'HTTPS://a', tls })).toEqual([]);
    for (const token of ['eyJhbGciOiJI.eyJzdWIi.s-_~+/==', 'x'.repeat(16_384)])
      expect(backend({ probe: { kind: Backend_Probe_Kind.INFO_ONLY, user: 'u', token } })).toEqual([]);
  });

  test('all problems are reported at once', () => {
    expect(fields(backend({ id: '', url: '', weight: -1 }))).toEqual(['id', 'url', 'weight']);
  });
});

describe('groups', () => {
  test.each([
    [['backend_ids'], { backendIds: [] }],
    [['backend_ids'], { backendIds: ['a', 'b', 'a'] }],
    [['backend_ids'], { backendIds: ['a b'] }],
    [['backend_ids'], { backendIds: Array.from({ length: 10_001 }, (_, at) => `b${at}`) }],
    [['strategy'], { strategy: 7 }],
    [['strategy'], { strategy: -1 }],
  ] as [string[], MessageInitShape<typeof GroupSchema>][])('the problem names %j: %#', (expected, init) =>
    expect(fields(group(init))).toEqual(expected),
  );

  test('many bad members are not all listed', () => {
    expect(group({ backendIds: Array.from({ length: 100 }, (_, at) => `b ${at}`) })).toHaveLength(5);
  });

  test('ten thousand members and every strategy are taken', () => {
    expect(group({ backendIds: Array.from({ length: 10_000 }, (_, at) => `b${at}`) })).toEqual([]);
    for (const strategy of Object.values(Group_Strategy)) expect(group({ strategy })).toEqual([]);
  });
});

describe('policies', () => {
  const port = (value: number) => policy({ rule: { case: 'listeningPort', value } });
  const host = (value: string) => policy({ rule: { case: 'host', value } });
  const tags = (value: { anyOf?: string[]; allOf?: string[] }) => policy({ rule: { case: 'clientTags', value } });
  const properties = (value: { properties?: Record<string, string>; exact?: string }) =>
    policy({ rule: { case: 'connectionProperties', value } });

  test('exactly one rule is needed', () => {
    expect(policyProblems(create(PolicySchema, { id: 'p', groupId: 'g' }))).toEqual([
      { field: 'rule', message: 'expected one of listening_port, host, client_tags, connection_properties' },
    ]);
  });

  test.each([1, 8080, 65_535])('port %d is accepted', (value) => expect(port(value)).toEqual([]));
  test.each([0, -1, 65_536])('port %d is refused', (value) => expect(fields(port(value))).toEqual(['listening_port']));

  test.each(['a', 'bi.example', 'BI.Example', 'a-b.c_d', '10.0.0.1', '::1', '[::1]', 'fe80::1', '2001:DB8:0:0::1'])(
    'host %j is accepted',
    (value) => expect(host(value)).toEqual([]),
  );
  test.each([
    '',
    'a:80',
    'a b',
    'http://a',
    '.a',
    'a.',
    '-a',
    'a/b',
    '*.example',
    `${'a'.repeat(254)}`,
    '[::1]:80',
    'a:',
    'a..b',
    'u@a',
    'a, b',
    '[a]',
    'fe80::1%eth0',
  ])('host %j is refused', (value) => expect(fields(host(value))).toEqual(['host']));

  test('tags need at least one that a header can carry', () => {
    expect(tags({ anyOf: ['a', 'B c'], allOf: ['ü'] })).toEqual([]);
    for (const bad of [
      {},
      { anyOf: [''] },
      { allOf: [' '] },
      { anyOf: ['a,b'] },
      { anyOf: ['a\n'] },
      { anyOf: ['x'.repeat(1_001)] },
      { anyOf: ['a', '\u0085\u00a0'] },
      { anyOf: ['łódź'] },
      { allOf: ['a', '東京'] },
    ])
      expect([bad, [...new Set(fields(tags(bad)))]]).toEqual([bad, ['client_tags']]);
    expect(fields(tags({ anyOf: Array.from({ length: 101 }, (_, at) => `t${at}`) }))).toEqual(['client_tags']);
  });

  test('connection properties are either pairs or the whole text', () => {
    expect(properties({ properties: { team: 'data', empty: '' } })).toEqual([]);
    expect(properties({ exact: 'team=data' })).toEqual([]);
    expect(fields(properties({}))).toEqual(['connection_properties']);
    expect(fields(properties({ properties: { a: 'b' }, exact: 'a=b' }))).toEqual(['connection_properties']);
    for (const name of ['', ' ', ' a', 'a ', 'a=b', 'a,b', 'a\n', 'ł', 'x'.repeat(1_001)])
      expect(fields(properties({ properties: { [name]: 'x' } }))).toEqual(['connection_properties.properties']);
    for (const exact of ['x'.repeat(10_001), ' a=b', 'a=b\u00a0', 'a=ł', 'a=b\nc=d'])
      expect(fields(properties({ exact }))).toEqual(['connection_properties.exact']);
  });

  test('the value of a connection property may hold any character, for the header says it as %XX', () => {
    const value = 'łódź 東京\n';
    expect(properties({ properties: { team: value }, exact: '' })).toEqual([]);
    const rule = { case: 'connectionProperties', value: { properties: { team: value }, exact: '' } } as never;
    const look = policyRules.compile([create(PolicySchema, { id: 'p', rule })], ([first]) => first?.id);
    const rawHeaders = ['X-Trino-Connection-Properties', `team=${encodeURIComponent(value)}`];
    expect(look[0]?.({ rawHeaders, listeningPort: 1, host: '' })).toBe('p');
  });

  // Every character of Latin-1 but controls can be sent, and is read as it was sent; none beyond can.
  test.each([
    ['client tags', (text: string) => tags({ anyOf: [text] })],
    ['names of connection properties', (text: string) => properties({ properties: { [text]: 'x' } })],
    ['exact connection properties', (text: string) => properties({ exact: text })],
    ['sources for the cluster', (text: string) => policy({ requestSource: text })],
    ['users of probes', (text: string) => backend({ probe: { user: text } })],
  ])('%s hold what a header can carry, and nothing that never matches', (_, problems) => {
    expect(problems('a-ü-ß-ÿ')).toEqual([]);
    for (const text of ['aĀ', 'a€b', '東京', 'a\u0007', 'a\u007fb', '😀'])
      expect([text, problems(text).length > 0]).toEqual([text, true]);
  });

  test.each([
    ['group_id', { groupId: '' }],
    ['group_id', { groupId: 'a b' }],
    ['fallback_group_id', { fallbackGroupId: 'a b' }],
    ['request_source', { requestSource: 'a\r\nX-Evil: 1' }],
    ['request_source', { requestSource: 'x'.repeat(1_001) }],
  ])('%s: %j is refused', (field, init) => expect(fields(policy(init))).toEqual([field]));

  test('authentication is delegated by address only, for nothing else is known before it', () => {
    expect(policy({ authDelegated: true })).toEqual([]);
    expect(policy({ authDelegated: true, rule: { case: 'listeningPort', value: 1 } })).toEqual([]);
    expect(fields(policy({ authDelegated: true, rule: { case: 'clientTags', value: { anyOf: ['a'] } } }))).toEqual([
      'auth_delegated',
    ]);
  });
});

describe('limits', () => {
  test.each([0, 1, 2 ** 31 - 1])('%p is a limit', (count) => {
    expect(backend({ maxRunningQueries: count })).toEqual([]);
    const queue = { maxQueued: count, maxWaitMs: count, perUserMaxRunning: count, perUserMaxQueued: count };
    expect(group({ maxRunningQueriesPerBackend: count, queue: { ...queue, whenUnavailable: 2 } })).toEqual([]);
  });

  test('negative limits and unknown choices are named', () => {
    expect(fields(backend({ maxRunningQueries: -1 }))).toEqual(['max_running_queries']);
    const queue = { maxQueued: -1, maxWaitMs: -1, perUserMaxRunning: -1, perUserMaxQueued: -1 };
    const bad = { ...queue, whenUnavailable: 3 as Group_Queue_WhenUnavailable };
    expect(fields(group({ maxRunningQueriesPerBackend: -1, queue: bad }))).toEqual([
      'max_running_queries_per_backend',
      'queue.max_queued',
      'queue.max_wait_ms',
      'queue.per_user_max_running',
      'queue.per_user_max_queued',
      'queue.when_unavailable',
    ]);
  });

  test.each([-1_000, 0, 1_000])('%p is a priority', (priority) => expect(policy({ priority })).toEqual([]));
  test.each([-1_001, 1_001])('%p is no priority', (priority) =>
    expect(fields(policy({ priority }))).toEqual(['priority']),
  );
});
