import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Message } from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

const GROUPS = ['finance', 'growth', 'fast', 'etl', 'weekend', 'rest'];
const OBJECTS = `
backends: [{ id: one, url: "http://one.example" }]
groups: [${GROUPS.map((id) => `{ id: ${id}, backend_ids: [one] }`).join(', ')}]
`;
const page = readFileSync(new URL('../../../../docs/routing/scripts.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```(javascript|python)\n(.*?)^```/gms)].map(([, language = '', source = '']) => ({
  language: language.toUpperCase(),
  source,
}));

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ default_group: 'rest' }, OBJECTS);
  await server.ok('BackendService/MarkHealthy', { id: 'one' });
});
afterAll(async () => await server[Symbol.asyncDispose]());

type Asked = { user?: string; statement?: string; headers?: Record<string, string> };

/** The group, or the refusal. */
async function answer({ user = 'eve', statement = 'SELECT 1', headers = {} }: Asked): Promise<unknown> {
  const sent = Object.entries(headers).map(([name, value]) => ({ name, value }));
  const { decision, refusal } = await server.ok('RoutingService/Decide', { user, statement, headers: sent });
  return refusal ?? (decision as Message).groupId;
}

const tags = (value: string) => ({ headers: { 'X-Trino-Client-Tags': value } });

test.each<[name: string, at: number, cases: [Asked, unknown][]]>([
  [
    'teams, in JavaScript',
    0,
    [
      [{ user: 'ann' }, 'finance'],
      [{ user: 'bob' }, 'growth'],
      [{ user: 'eve' }, 'rest'],
      [tags('urgent'), 'fast'],
    ],
  ],
  [
    'a script of trino-lb',
    1,
    [
      [tags('department=data'), 'etl'],
      [tags('department=finance, x'), 'finance'],
      [tags('department'), 'rest'],
    ],
  ],
  [
    'a calendar, in Python',
    2,
    [[{ statement: 'x'.repeat(100_001) }, expect.stringMatching(/^(100,001 characters are too many|weekend)$/)]],
  ],
])('the examples on the page run: %s', async (_, at, cases) => {
  const step = { id: 'code', timeLimitMs: 10_000, script: examples[at] };
  await server.ok('RoutingService/PutRoutingChain', { chain: { timeLimitMs: 20_000, steps: [step] } });
  for (const [asked, expected] of cases) expect(await answer(asked)).toEqual(expected);
  const failures = await server.ok('RoutingService/Decide', { user: 'ann', statement: 'SELECT 1' });
  expect(JSON.stringify(failures)).not.toContain('FAILED');
});

test('every example is tried', () => {
  expect(examples).toHaveLength(3);
});
