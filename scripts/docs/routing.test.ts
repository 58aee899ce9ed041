import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, BackendStatusSchema, GroupSchema, PolicySchema } from '@trino-gateway/api/gateway';
import { readDeclared } from '@trino-gateway/config';
import { askChain } from '@trino-gateway/gatewayserver/decisions/ask-chain';
import { routedQuery } from '@trino-gateway/gatewayserver/routing/chain/routed-query';
import { createChainCompiler } from '@trino-gateway/gatewayserver/routing/chain/routing-chain';
import { decide } from '@trino-gateway/gatewayserver/routing/decide';
import { indexConfiguration } from '@trino-gateway/gatewayserver/routing/indexed-configuration';
import { createSnapshot } from '@trino-gateway/gatewayserver/routing/snapshot';
import { stepKinds } from '@trino-gateway/gatewayserver/routing/steps/registry';
import { parse } from 'yaml';

const PAGE = readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'docs/routing.md'), 'utf8');
const NOW = Date.UTC(2026, 0, 1);
const GROUPS = ['adhoc', 'bi', 'etl', 'next'];

const chain = createChainCompiler(stepKinds).compile(declaredChain());
const snapshot = createSnapshot(
  indexConfiguration({
    backends: new Map([['b', { backend: create(BackendSchema, { id: 'b', enabled: true }), draining: false }]]),
    groups: new Map(GROUPS.map((id) => [id, create(GroupSchema, { id, enabled: true, backendIds: ['b'] })])),
    policies: new Map([
      ['bi', create(PolicySchema, { id: 'bi', groupId: 'bi', rule: { case: 'listeningPort', value: 8081 } })],
    ]),
  }),
  {
    statuses: new Map([
      ['b', create(BackendStatusSchema, { backendId: 'b', healthy: true, observedAt: timestampFromMs(NOW) })],
    ]),
    schedules: new Map(),
    overrides: new Map(),
    clusterScaling: new Map(),
    groupScaling: new Map(),
  },
  60_000,
);

function declaredChain() {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const problems: string[] = [];
  const existing = { groupIds: new Set(GROUPS), backendIds: new Set<string>() };
  const declared = readDeclared(parse(yaml), (...problem) => problems.push(problem.join(': ')), { existing });
  expect(problems).toEqual([]);
  return declared.routingChain;
}

/** Where a query with these headers goes, in the words of the page. */
function whereTo(statement: string, sentWith: string): string {
  const port = /port (\d+)/.exec(sentWith)?.[1] ?? '8080';
  const headers = [...sentWith.matchAll(/`([^:`]+): ([^`]*)`/g)].map(([, name = '', value = '']) => ({ name, value }));
  const client = { listeningPort: Number(port), host: 'gw', headers, user: 'ann', clientIp: '10.0.0.1' };
  const query = routedQuery({ ...client, statement }, NOW);
  const answer = askChain(chain, query, { snapshot, chance: 0, defaultGroupId: undefined });
  if (answer instanceof Promise) throw new Error('these steps answer at once');
  const live = { live: () => 0, startedSince: () => 0 };
  const outcome = decide(query, answer, snapshot, { now: NOW, chance: 0, cursor: () => 0, live });
  if (outcome.kind === 'refused') return `refused: ${outcome.message}`;
  return `\`${outcome.groupId}\`, by ${outcome.decidedBy}`;
}

describe('the example of the page does what its table says', () => {
  const table = PAGE.slice(PAGE.indexOf('| query |'), PAGE.indexOf('`canary` only'));
  const rows = [...table.matchAll(/^\| `(.+?)` \|(.*?)\| (.+) \|$/gm)].map(([, query = '', sent = '', goes = '']) => [
    query,
    sent.trim(),
    goes,
  ]);

  test('the table has rows', () => {
    expect(rows.length).toBeGreaterThan(7);
  });

  test.each(rows)('%s sent with %s: %s', (statement = '', sent = '', goes = '') => {
    expect(whereTo(statement, sent)).toBe(goes);
  });
});

test('the page has a table for each kind of step', () => {
  const titles = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, title]) => title);
  const fields = Object.keys(stepKinds).map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  expect(titles.toSorted()).toEqual([...new Set([...fields, 'script'])].toSorted());
});
