import { beforeAll, expect, test } from '@jest/globals';
import type { Message } from '../support/contract-calls.ts';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

const chainOf = (...rules: Message[]) => ({ steps: [{ id: 'rules', rules: { rules } }] });
const put = async (...rules: Message[]) => {
  const { status, body } = await server.post('RoutingService/PutRoutingChain', { chain: chainOf(...rules) });
  return status === 200 ? 'stored' : String((body as Message).message);
};
const decide = async (more: Message = {}) =>
  await server.ok('RoutingService/Decide', { statement: 'SELECT 1', ...more });

beforeAll(async () => {
  await Promise.all(['one', 'two'].map((id) => server.ok('BackendService/MarkHealthy', { id })));
  await server.ok('GroupService/PutGroup', { group: { id: 'etl', backendIds: ['two'] } });
});

test('a rule decides from the moment its chain is answered, and its effects are told', async () => {
  const rule = { id: 'ann', when: 'user == "ann"', groupId: 'etl', addClientTags: ['x'], strict: true };
  expect(await put(rule)).toBe('stored');
  const { decision, reasons } = await decide({ user: 'ann' });
  expect(decision).toMatchObject({
    ...{ groupId: 'etl', backendId: 'two', decidedBy: 'step rules, rule ann', stepId: 'rules', ruleId: 'ann' },
    ...{ strict: true, addClientTags: ['x'] },
  });
  expect(reasons).toContainEqual({ step: 'rules', outcome: 'CHOSE', text: 'rule ann: group etl, tags x, no fallback' });
});

test('a pinned backend is named in the decision, with its group', async () => {
  expect(await put({ id: 'pin', when: 'true', backendId: 'one' })).toBe('stored');
  expect((await decide()).decision).toMatchObject({ backendId: 'one', groupId: 'both', pinnedBackendId: 'one' });
});

test('a refusal is what its user reads', async () => {
  expect(await put({ id: 'no', when: 'true', refuse: 'ask the data team' })).toBe('stored');
  expect(await decide()).toMatchObject({ refusal: 'ask the data team', refusalErrorName: 'QUERY_REJECTED' });
});

test('what a rule names must exist, and cannot be deleted', async () => {
  expect(await put({ id: 'r', when: 'true', groupId: 'ghost' })).toMatch('"ghost"');
  expect(await put({ id: 'r', when: 'true', backendId: 'ghost' })).toMatch('"ghost"');
  expect(await put({ id: 'r', when: 'true', groupId: 'etl' })).toBe('stored');
  const { status, body } = await server.post('GroupService/DeleteGroup', { id: 'etl' });
  expect([status, (body as Message).message]).toEqual([400, expect.stringContaining('rules')]);
});

test.each<[string, Message, string]>([
  ['an unknown name', { when: 'tabels.exists(t, true)' }, 'rule r: line 1, column 1: there is no "tabels"'],
  ['a wrong type', { when: 'user == 1' }, 'rule r: line 1, column 9: == does not take string and int'],
  ['no bool', { when: 'user' }, 'expected a bool, got a string'],
  ['a pattern that cannot be linear', { when: 'user.matches("(a)\\\\1")' }, 'the pattern cannot be read'],
  ['a pattern of a million states', { when: 'user.matches("((a{30}){30}){30}")' }, 'the pattern cannot be read'],
  ['a megabyte', { when: `user == "${'x'.repeat(1_000_000)}"` }, 'expected at most 10000 characters'],
  ['nesting', { when: `${'('.repeat(4_000)}true${')'.repeat(4_000)}` }, 'nested too deeply'],
  ['a reach for the process', { when: 'user.constructor("return process")()' }, 'line 1'],
  ['an unknown field', { whenn: 'true' }, 'whenn'],
])('%s is refused with its place, and the chain before stays', async (_, rule, message) => {
  expect(await put({ id: 'kept', when: 'true', groupId: 'etl' })).toBe('stored');
  expect(await put({ id: 'r', when: 'true', groupId: 'etl', ...rule })).toMatch(message);
  expect((await decide()).decision).toMatchObject({ ruleId: 'kept' });
});

test('two thousand rules are read and asked in little time, one more is refused', async () => {
  const rules = Array.from({ length: 2_001 }, (_, at) => ({
    id: `r${at}`,
    when: `source == "s${at}"`,
    groupId: 'etl',
  }));
  expect(await put(...rules)).toMatch('expected at most 2000 rules');
  const began = process.cpuUsage();
  expect(await put(...rules.slice(1))).toBe('stored');
  const headers = [{ name: 'X-Trino-Source', value: 's2000' }];
  expect((await decide({ headers })).decision).toMatchObject({ ruleId: 'r2000' });
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(5_000);
});

test('a pinned query waits for a slot of its backend, although another one of the group has one', async () => {
  const group = { id: 'both', backendIds: ['one', 'two'], maxRunningQueriesPerBackend: 1 };
  await server.ok('GroupService/PutGroup', { group });
  expect(await put({ id: 'pin', when: 'true', backendId: 'one' })).toBe('stored');
  const route = (submissionId: string) =>
    server.ok('RoutingService/Route', { submissionId, routerId: 'r', statement: 'SELECT 1', user: 'ann' });
  expect(await route('first')).toMatchObject({ decision: { backendId: 'one', pinnedBackendId: 'one' }, leased: true });
  const second = await route('second');
  expect(second).toMatchObject({ mustWait: true, decision: { groupId: 'both', pinnedBackendId: 'one', strict: true } });
  expect((await decide()).summary).toMatch('no slot of backend one is free, and no other may take it');
});
