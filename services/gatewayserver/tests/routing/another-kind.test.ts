import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RoutingStep_ClientTagsSchema, RoutingStepSchema } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { chainRules } from '../../src/configuration/stored-chain.ts';
import { stepKinds } from '../../src/routing/steps/registry.ts';
import type { Message } from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { usersStep } from './users-step/users-step.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

// The contract with `ClientTags users = 99;` among the kinds of a step.
const like = RoutingStepSchema.field.policies;
const users = {
  ...like,
  name: 'users',
  localName: 'users',
  jsonName: 'users',
  number: 99,
  message: RoutingStep_ClientTagsSchema,
};
const [kinds] = RoutingStepSchema.oneofs;
for (const fields of [RoutingStepSchema.fields, kinds?.fields]) (fields as unknown[]).push(users);
Object.assign(RoutingStepSchema.field, { users });

// The one line.
Object.assign(stepKinds, { users: usersStep });

const OBJECTS =
  'backends: [{ id: b, url: "http://b" }]\ngroups: [{ id: etl, backend_ids: [b] }, { id: adhoc, backend_ids: [b] }]\n';

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ default_group: 'adhoc' });
  await server.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  await server.ok('BackendService/MarkHealthy', { id: 'b' });
  for (const id of ['etl', 'adhoc']) await server.ok('GroupService/PutGroup', { group: { id, backendIds: ['b'] } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const put = (settings: Message) =>
  server.post('RoutingService/PutRoutingChain', { chain: { steps: [{ id: 'people', users: settings }] } });
const decision = async (user: string) =>
  (await server.ok('RoutingService/Decide', { user, statement: 'SELECT 1' })).decision;

test('a new kind of step is checked, stored, asked and protected by nothing but its folder and its line', async () => {
  expect((await put({ groupId: 'ghost' })).body.message).toBe(
    'chain.steps[0].users.any_of: expected users (step "people"); chain.steps[0].users.group_id: expected a group that exists, got "ghost" (step "people")',
  );
  const { body } = await put({ anyOf: ['ann'], groupId: 'etl' });
  expect(body).toMatchObject({ version: 1, steps: [{ id: 'people', users: { anyOf: ['ann'], groupId: 'etl' } }] });
  expect(await decision('ann')).toMatchObject({ groupId: 'etl', decidedBy: 'step people' });
  expect(await decision('bob')).toMatchObject({ groupId: 'adhoc', decidedBy: 'default_group' });
  expect((await server.post('GroupService/DeleteGroup', { id: 'etl' })).body.message).toBe(
    'group "etl" is still used by step "people" of the routing chain',
  );
  await put({ anyOf: ['ann', 'bob'], groupId: 'etl' });
  expect(await decision('bob')).toMatchObject({ groupId: 'etl' });
  expect(await server.ok('RoutingService/CompareRoutingChains')).toMatchObject({
    changes: [{ path: 'steps[people].any_of', before: '["ann"]', after: '["ann","bob"]' }],
  });
});

test('a file declares it like every other', () => {
  const read = (settings: string) =>
    loadConfig({
      file: { name: 'f', text: `${OBJECTS}routing_chain: { steps: [{ id: people, users: ${settings} }] }` },
      env: {},
      readSecret: () => '',
      chainChecks: chainRules,
    }).declared.routingChain;
  expect(read('{ any_of: [ann], group_id: etl }')?.steps[0]?.id).toBe('people');
  expect(() => read('{ group_id: etl }')).toThrow(
    /routing_chain\.steps\[0\]\.users\.any_of: expected users \(step "people", line 3\)/,
  );
});

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** What knows kinds of steps: their folders, the contract's generated code, and imports, which write them. */
const KNOW_KINDS =
  /\/routing\/steps\/|\/gen\/|^packages\/cli\/src\/(?:imported|razorpay|trinodb|trino-lb)\/|\.test\.ts$/;
/** These tell kinds of scalers apart. */
const OF_SCALERS = /\/scal(?:ing|er)|\/discovery\//;

test('nothing else tells kinds of steps apart', () => {
  const sources = globSync('{packages,services}/*/src/**/*.ts', { cwd: ROOT }).filter(
    (path) => !KNOW_KINDS.test(path) && !OF_SCALERS.test(path),
  );
  expect(sources.length).toBeGreaterThan(500);
  const names = (kinds?.fields ?? []).flatMap(({ name, localName }) => [name, localName]);
  const long = names.filter((name) => /_|[a-z][A-Z]/.test(name) && !/tags$/i.test(name));
  const telling = new RegExp(
    [
      `\\b(?:${long.join('|')})\\b`,
      `kind\\??\\.case\\)? *(?:===|!==) *'`,
      `\\bkind: *\\{ *case: *'`,
      `StepSettings<'`,
      `switch \\([^)]*kind\\.case`,
      `from '[^']*/steps/(?!registry\\.ts)`,
    ].join('|'),
  );
  for (const line of [
    "if (step.kind.case === 'script')",
    'explain_cost: 1',
    "import { a } from '../steps/script/a.ts'",
  ])
    expect([line, telling.test(line)]).toEqual([line, true]);
  const found = sources.flatMap((path) =>
    readFileSync(`${ROOT}${path}`, 'utf8')
      .split('\n')
      .flatMap((line, at) => (telling.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
  // What holds while no chain is stored.
  const builtIn = "steps: [{ id: 'policies', kind: { case: 'policies', value: {} } }],";
  expect(found.filter((line) => !line.endsWith(builtIn))).toEqual([]);
});
