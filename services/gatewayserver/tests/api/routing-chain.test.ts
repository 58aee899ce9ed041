import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Message } from '../support/contract-calls.ts';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

const tagged = (groupId: string, more: Message = {}) => ({
  id: 'nightly',
  clientTags: { anyOf: ['nightly'], groupId },
  ...more,
});
const put = (chain: Message) => server.post('RoutingService/PutRoutingChain', { chain });
const stored = (chain: Message) => server.ok('RoutingService/PutRoutingChain', { chain });
const inForce = (version = 0) => server.ok('RoutingService/GetRoutingChain', { version });
const versions = async () => (await server.ok('RoutingService/ListRoutingChainVersions')).versions as Message[];
const refusal = async (rpc: string, message: Message) => (await server.post(rpc, message)).body;
const changes = async (message: Message) =>
  (await server.ok('RoutingService/CompareRoutingChains', message)).changes as Message[];
const decidedBy = async (tags: string) => {
  const headers = [{ name: 'X-Trino-Client-Tags', value: tags }];
  const { decision } = await server.ok('RoutingService/Decide', { headers, statement: 'SELECT 1' });
  return (decision as Message | undefined)?.decidedBy;
};

beforeAll(async () => {
  await Promise.all(['one', 'two'].map((id) => server.ok('BackendService/MarkHealthy', { id })));
  await server.ok('GroupService/PutGroup', { group: { id: 'etl', backendIds: ['two'] } });
});

test('while none is stored, the chain is the policies, as version 0', async () => {
  expect(await inForce()).toEqual({ version: 0, steps: [{ id: 'policies', policies: {} }] });
  expect(await server.ok('RoutingService/ListRoutingChainVersions')).toEqual({});
});

test('a chain is in force from the moment it is answered', async () => {
  const first = await stored({ version: 0, fallbackGroup: 'both', steps: [tagged('etl')] });
  expect(first).toMatchObject({ version: 1, storedAt: expect.any(String), fallbackGroup: 'both' });
  expect(await inForce()).toEqual(first);
  expect([await decidedBy('nightly'), await decidedBy('daily')]).toEqual(['step nightly', 'default_group']);
  await stored({ version: 1, fallbackGroup: 'both', steps: [tagged('etl', { enabled: false })] });
  expect(await decidedBy('nightly')).toBe('default_group');
});

test('a second editor of the same version is told which one stands, and changes nothing', async () => {
  const { version } = await inForce();
  await stored({ version, fallbackGroup: 'etl' });
  const late = await put({ version, fallbackGroup: 'both' });
  expect(late.status).toBe(409);
  expect(late.body).toEqual({ code: 'aborted', message: expect.stringContaining(`at version ${Number(version) + 1}`) });
  expect(await inForce()).toMatchObject({ fallbackGroup: 'etl' });
  await stored({ version: Number(version) + 1, fallbackGroup: 'both' });
  const all = await Promise.all(
    ['both', 'etl', ''].map((fallbackGroup) => put({ version: Number(version) + 2, fallbackGroup })),
  );
  expect(all.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
});

test('a Put without a version replaces what stands, and stores nothing when that says the same', async () => {
  const one = await stored({ steps: [tagged('both')] });
  expect(await stored({ steps: [tagged('both')] })).toEqual(one);
  expect((await versions())[0]).toMatchObject({ version: one.version, steps: 1 });
});

test('an earlier version is read, compared and rolled back to, as a new version', async () => {
  const rules = (groupId: string) => [tagged(groupId), { id: 'policies', policies: {} }];
  const from = (await stored({ steps: rules('etl') })).version as number;
  const to = (await stored({ steps: rules('both').toReversed(), timeLimitMs: 900 })).version as number;
  expect(await changes({ fromVersion: from, toVersion: to })).toEqual([
    { path: 'time_limit_ms', after: '900' },
    { path: 'steps[nightly].group_id', before: '"etl"', after: '"both"' },
    { path: 'steps.order', before: '["nightly","policies"]', after: '["policies","nightly"]' },
  ]);
  expect(await changes({})).toHaveLength(3);
  const back = await server.ok('RoutingService/RollBackRoutingChain', { version: from });
  expect(back).toMatchObject({ version: to + 1, steps: rules('etl') });
  expect((await versions())[0]).toMatchObject({ version: to + 1, rolledBackTo: from });
  expect(await inForce(to)).toMatchObject({ version: to, timeLimitMs: 900 });
  await server.ok('RoutingService/RollBackRoutingChain', { version: 0 });
  expect(await inForce()).toMatchObject({ version: to + 2, steps: [{ id: 'policies' }] });
});

describe('what is refused', () => {
  test('is refused whole, with every problem and its step', async () => {
    const before = await inForce();
    const steps = [
      { id: 'slot', policies: {} },
      { id: 'a b', timeLimitMs: -1 },
      tagged('ghost'),
      tagged('both', { timeLimitMs: 60_001 }),
      { id: 'asked', routingGroupHeader: { header: 'a b', groups: ['phantom', 'both'] } },
    ];
    const { status, body } = await put({ fallbackGroup: 'spectre', timeLimitMs: 60_001, steps });
    expect(status).toBe(400);
    expect((body.message as string).split('; ')).toEqual([
      'chain.time_limit_ms: expected 0 (the default) to 60000 milliseconds, got 60001',
      'chain.steps[0].id: expected another id than default_group, fallback_group, slot, queue, got "slot" (step "slot")',
      expect.stringMatching(/^chain\.steps\[1\]\.id: expected 1 to 128 letters.*\(step "a b"\)$/),
      expect.stringMatching(/^chain\.steps\[1\]\.time_limit_ms: expected 0/),
      expect.stringMatching(/^chain\.steps\[1\]\.kind: expected exactly one of routing_group_header, client_tags, pol/),
      expect.stringMatching(/^chain\.steps\[3\]\.time_limit_ms: .* \(step "nightly"\)$/),
      'chain.steps[3].id: expected each id once, "nightly" is repeated (step "nightly")',
      expect.stringMatching(/^chain\.steps\[4\]\.routing_group_header\.header: expected the name.*\(step "asked"\)$/),
      'chain.fallback_group: expected a group that exists, got "spectre"',
      'chain.steps[2].client_tags.group_id: expected a group that exists, got "ghost" (step "nightly")',
      'chain.steps[4].routing_group_header.groups: expected a group that exists, got "phantom" (step "asked")',
    ]);
    expect(await inForce()).toEqual(before);
  });

  test('with the mistakes of scripts and expressions beside all others', async () => {
    const script = { language: 'JAVASCRIPT', source: 'export function route(q) { return ' };
    const rules = { rules: [{ id: 'raw', when: 'user == ', groupId: 'both' }] };
    const { body } = await put({
      timeLimitMs: -1,
      steps: [
        { id: 'code', script },
        { id: 'rules', rules },
      ],
    });
    const problems = (body.message as string).split('; ');
    expect(problems).toHaveLength(3);
    expect(problems).toContainEqual(expect.stringMatching(/^chain\.time_limit_ms/));
    expect(problems).toContainEqual(
      expect.stringMatching(/rules\[0\]\.when: .*line 1, column \d.* \(step "rules", rule "raw"\)$/),
    );
    expect(problems).toContainEqual(expect.stringMatching(/^chain\.steps\[0\]\.script\.source: .* \(step "code"\)$/));
  });

  test.each([
    ['too many steps', { steps: Array.from({ length: 101 }, (_, at) => ({ id: `s${at}`, policies: {} })) }, 'steps: '],
    ['too large', { steps: [tagged('both', { clientTags: { anyOf: ['x'.repeat(2_100_000)] } })] }, '2097152 bytes'],
    ['two kinds at once', { steps: [{ ...tagged('both'), policies: {} }] }, 'policies'],
    ['an unknown kind', { steps: [{ id: 'a', magic: {} }] }, 'magic'],
    ['an unknown choice', { steps: [{ id: 'a', policies: {}, onFailure: 'PANIC' }] }, 'PANIC'],
  ])('%s', async (_, chain, message) => {
    const { status, body } = await put(chain);
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
  });

  test('versions that are not there', async () => {
    const missing = { code: 'not_found', message: expect.stringContaining('version 99999 of the routing chain') };
    for (const rpc of ['GetRoutingChain', 'GetRoutingChainVersion', 'RollBackRoutingChain'])
      expect(await refusal(`RoutingService/${rpc}`, { version: 99_999 })).toEqual(missing);
    expect(await refusal('RoutingService/CompareRoutingChains', { fromVersion: 0, toVersion: 99_999 })).toEqual(
      missing,
    );
    expect(await refusal('RoutingService/RollBackRoutingChain', {})).toMatchObject({ code: 'invalid_argument' });
    expect(await refusal('RoutingService/GetRoutingChain', { version: -1 })).toMatchObject({
      code: 'invalid_argument',
    });
  });

  test('to delete a group that the chain names, with the step that does', async () => {
    await server.ok('GroupService/PutGroup', { group: { id: 'late', backendIds: ['one'] } });
    const { version } = await stored({ fallbackGroup: 'late', steps: [tagged('late', { enabled: false })] });
    expect(await refusal('GroupService/DeleteGroup', { id: 'late' })).toEqual({
      code: 'failed_precondition',
      message: 'group "late" is still used by fallback_group of the routing chain, step "nightly" of the routing chain',
    });
    await stored({ steps: [tagged('both')] });
    await server.ok('GroupService/DeleteGroup', { id: 'late' });
    expect(await refusal('RoutingService/RollBackRoutingChain', { version })).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('chain.steps[0].client_tags.group_id: expected a group that exists, got "late"'),
    });
  });
});
