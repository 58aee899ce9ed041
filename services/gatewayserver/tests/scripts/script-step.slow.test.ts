import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConfigError, loadConfig } from '@trino-gateway/config';
import { declaredChainRules } from '../../src/configuration/declared-chain-rules.ts';
import type { Message } from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

const OBJECTS = `
backends: [{ id: one, url: "http://one.example" }, { id: two, url: "http://two.example" }]
groups: [{ id: adhoc, backend_ids: [one] }, { id: etl, backend_ids: [two] }]
`;

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ default_group: 'adhoc' }, OBJECTS);
  await Promise.all(['one', 'two'].map((id) => server.ok('BackendService/MarkHealthy', { id })));
});
afterAll(async () => await server[Symbol.asyncDispose]());

const put = (source: string, language = 'JAVASCRIPT', more: Message = {}) =>
  server.post('RoutingService/PutRoutingChain', {
    chain: { timeLimitMs: 20_000, steps: [{ id: 'code', timeLimitMs: 10_000, script: { language, source }, ...more }] },
  });
const decide = (user: string, statement = 'SELECT 1') =>
  server.ok('RoutingService/Decide', { user, statement, headers: [{ name: 'X-Trino-User', value: user }] });
const reasonOf = ({ reasons }: Message) =>
  (reasons as Message[]).find(({ step }) => step === 'code') as { outcome: string; text: string };

describe('a script in JavaScript', () => {
  test('decides by the documented request, and tells what it logged', async () => {
    const { status } = await put(`
      const teams = new Map([['root', 'etl']]);
      export function route(q) {
        console.log('asked about', q.user, 'at', new Date().toISOString().length);
        if (q.user === 'pin') return { backend_id: 'two' };
        if (q.user === 'no') return { refuse: 'not you, ' + q.user };
        if (q.user === 'ghost') return 'nowhere';
        if (q.user === 'broken') throw new Error('as it happens');
        return teams.get(q.user) && { group_id: teams.get(q.user), request_source: 'script', priority: 7 };
      }`);
    expect(status).toBe(200);
    const root = await decide('root');
    expect(root.decision).toMatchObject({
      groupId: 'etl',
      backendId: 'two',
      decidedBy: 'step code',
      requestSource: 'script',
    });
    expect(reasonOf(root)).toMatchObject({
      outcome: 'CHOSE',
      text: 'the script chose group etl; it says: asked about root at 24',
    });
    expect((await decide('pin')).decision).toMatchObject({ groupId: 'etl', backendId: 'two' });
    expect(await decide('no')).toMatchObject({ verdict: 'REFUSED', refusal: 'not you, no' });
    const others = [await decide('ann'), await decide('ghost'), await decide('broken')];
    expect(others.map(({ decision }) => (decision as Message).groupId)).toEqual(['adhoc', 'adhoc', 'adhoc']);
    expect(others.map((answer) => reasonOf(answer))).toEqual([
      { step: 'code', outcome: 'ABSTAINED', text: expect.stringMatching(/^the script has no opinion; it says/) },
      { step: 'code', outcome: 'ABSTAINED', text: expect.stringMatching(/chose group nowhere, which does not exist/) },
      { step: 'code', outcome: 'FAILED', text: 'the script failed: line 8, column 49: Error: as it happens' },
    ]);
  });

  test('sees the clock of the query only, and starts each call as it was loaded', async () => {
    await put(
      'let n = 0; export const route = (q) => ({ refuse: [++n, new Date().getTime() === q.now, typeof Math.random].join(" ") })',
    );
    expect(await decide('ann')).toMatchObject({ refusal: '1 true undefined' });
    expect(await decide('ann')).toMatchObject({ refusal: '1 true undefined' });
  });

  test('that fails refuses the query where the step says so', async () => {
    await put('export const route = () => { throw 1 }', 'JAVASCRIPT', { onFailure: 'REFUSE' });
    expect(await decide('ann')).toMatchObject({
      verdict: 'REFUSED',
      refusal: expect.stringMatching(/step code .* failed/),
    });
  });
});

describe('a script in Python', () => {
  test('that was written for trino-lb runs unchanged', async () => {
    const { status, body } = await put(
      `
import json
from urllib.parse import unquote

PREFIX = "project="

def tags(headers):
    return [unquote(tag) for tag in headers.get("x-trino-client-tags", "").split(",")]

def targetClusterGroup(query: str, headers: dict[str, str]):
    if query.lower().startswith("insert"):
        return "etl"
    if headers["x-trino-user"] == "broken":
        raise ValueError(query)
    print(json.dumps(sorted(headers)))
    return next((tag.removeprefix(PREFIX) for tag in tags(headers) if tag.startswith(PREFIX)), None)
`,
      'PYTHON',
    );
    expect(body).toMatchObject({ version: expect.any(Number) });
    expect(status).toBe(200);
    expect((await decide('ann', 'INSERT INTO t SELECT 1')).decision).toMatchObject({
      groupId: 'etl',
      decidedBy: 'step code',
    });
    const other = await decide('ann');
    expect(reasonOf(other).text).toBe('the script has no opinion; it says: ["x-trino-user"]');
    expect(reasonOf(await decide('broken'))).toMatchObject({
      outcome: 'FAILED',
      text: expect.stringContaining('line 14: ValueError'),
    });
  });
});

describe('a script that cannot be used is refused when it is written', () => {
  test.each([
    [
      'that JavaScript does not understand',
      'JAVASCRIPT',
      'export function route(q) {\n  return q.\n}',
      /^chain\.steps\[0\]\.script\.source: line 3, column 1: .*\(step "code"\)$/,
    ],
    ['without a function', 'JAVASCRIPT', 'const a = 1', /expected a function route/],
    ['with an import', 'JAVASCRIPT', "import fs from 'node:fs'\nexport function route() {}", /import is not possible/],
    [
      'that throws at once',
      'JAVASCRIPT',
      'throw new Error("early")\nfunction route() {}',
      /line 1, column \d+: Error: early/,
    ],
    [
      'that Python does not understand',
      'PYTHON',
      'def route(q):\n  return q[\n',
      /^chain\.steps\[0\]\.script\.source: line 2, column 11: '\[' was never closed/,
    ],
    [
      'without a function in Python',
      'PYTHON',
      'x = 1',
      /expected a function route\(q\) or targetClusterGroup\(query, headers\)/,
    ],
    [
      'with a package that is not there',
      'PYTHON',
      'import requests\ndef route(q): pass',
      /line 1: ModuleNotFoundError: No module named 'requests'/,
    ],
    ['in another language', 'RUBY', 'x', /language/],
    ['that is empty', 'JAVASCRIPT', ' ', /source: expected a script/],
    ['that is too long', 'JAVASCRIPT', 'x'.repeat(200_001), /expected at most 200000 characters/],
  ])('%s', async (_, language, source, message) => {
    const before = await server.ok('RoutingService/GetRoutingChain');
    const { status, body } = await put(source, language);
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
    expect(await server.ok('RoutingService/GetRoutingChain')).toEqual(before);
  });

  test('or when its file is read', () => {
    const chain =
      'routing_chain: { steps: [{ id: code, script: { language: JAVASCRIPT, source: "function route(q) {" } }] }';
    let problems: readonly string[] = [];
    try {
      loadConfig({
        file: { name: 'suite.yaml', text: `${OBJECTS}${chain}` },
        env: {},
        readSecret: () => '',
        chainChecks: declaredChainRules,
      });
    } catch (error) {
      ({ problems } = error as ConfigError);
    }
    expect(problems).toEqual([
      expect.stringMatching(/^routing_chain\.steps\[0\]\.script\.source: line 2, column \d+: /),
    ]);
  });
});
