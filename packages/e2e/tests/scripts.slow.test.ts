import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

// One cluster per group, so that where a query went is seen from Trino's side.
const GROUPS = ['etl', 'small', 'rest'] as const;
const trinos = new Map<string, ScriptedTrino>();
let suite: Suite;
let marker = 2_000; // SELECT 1 is what the monitor asks

beforeAll(async () => {
  for (const group of GROUPS) trinos.set(group, await startScriptedTrino());
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'rest' } });
  await suite.addBackends(Object.fromEntries([...trinos].map(([group, { url }]) => [`b-${group}`, url])));
  for (const group of GROUPS) await suite.addGroup(group, [`b-${group}`]);
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  for (const trino of trinos.values()) await trino.stop();
});

const putScript = (language: string, source: string) =>
  suite.call('RoutingService/PutRoutingChain', {
    chain: { timeLimitMs: 20_000, steps: [{ id: 'code', timeLimitMs: 10_000, script: { language, source } }] },
  });

/** Runs a statement nobody else runs, and answers the group whose cluster ran it, and as which source. */
async function ranAt(headers: Record<string, string>): Promise<{ group: string | undefined; source: string }> {
  const statement = `SELECT ${++marker}`;
  const result = await runQuery(suite.router.url, statement, { headers });
  expect(result.error).toBeUndefined();
  for (const [group, { queries }] of trinos) {
    const query = queries.find((one) => one.statement === statement);
    if (query) return { group, source: String(query.source ?? '') };
  }
  return { group: undefined, source: '' };
}

test('a script in JavaScript decides where queries run, and as what', async () => {
  await putScript(
    'JAVASCRIPT',
    `export function route(q) {
       if (q.client_tags.includes('nightly')) return { group_id: 'etl', request_source: 'script' };
       return q.session.team === 'small' ? 'small' : null;
     }`,
  );
  expect(await ranAt({ 'x-trino-client-tags': 'nightly', 'x-trino-source': 'cli' })).toEqual({
    group: 'etl',
    source: 'script',
  });
  expect(await ranAt({ 'x-trino-session': 'team=small', 'x-trino-source': 'cli' })).toEqual({
    group: 'small',
    source: 'cli',
  });
  expect((await ranAt({})).group).toBe('rest');
});

test("a peer's own script in Python decides where queries run", async () => {
  await putScript(
    'PYTHON',
    `
from typing import Optional
from urllib.parse import unquote_plus

def tags_of(headers: dict) -> dict:
    pairs = (tag.split("=", 1) for tag in unquote_plus(headers.get("x-trino-client-tags", "")).split(",") if "=" in tag)
    return {name.strip(): value.strip() for name, value in pairs}

def targetClusterGroup(query: str, headers: dict[str, str]) -> Optional[str]:
    tags = tags_of(headers)
    if tags.get("department") == "data" and query.upper().startswith("SELECT"):
        return "etl"
    return {"s": "small"}.get(tags.get("size"))
`,
  );
  expect((await ranAt({ 'x-trino-client-tags': 'department=data,size=s' })).group).toBe('etl');
  expect((await ranAt({ 'x-trino-client-tags': 'a, size=s' })).group).toBe('small');
  expect((await ranAt({ 'x-trino-client-tags': 'plain' })).group).toBe('rest');
});
