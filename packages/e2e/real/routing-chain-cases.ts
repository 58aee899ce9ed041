import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Suite } from '@trino-gateway/testing/suite/suite';
import { type QueryOptions, runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type RealClusters, seenByTrino } from './real-clusters.ts';

type Side = 'accepting' | 'rejecting';
type Running = { suite: Suite; clusters: RealClusters };

const steps = [
  { id: 'asked', routingGroupHeader: { header: 'Route-To', groups: ['left', 'right'], unknown: 'REFUSE' } },
  { id: 'tags', clientTags: { anyOf: ['chain-right'], groupId: 'right' } },
  {
    id: 'rules',
    rules: {
      rules: [
        {
          id: 'marked',
          when: 'source == "chain"',
          addClientTags: ['by-rule'],
          sessionProperties: { query_max_execution_time: '17m' },
        },
        { id: 'table', when: 'tables.exists(t, t.startsWith("tpch.tiny.cust"))', groupId: 'right' },
        { id: 'kind', when: 'kind == "EXPLAIN" && source == "chain"', groupId: 'right' },
        { id: 'user', when: 'user == "chain-rita"', groupId: 'right' },
        { id: 'pin', when: '"chain-pin" in client_tags', backendId: 'rejecting' },
        { id: 'no', when: 'source == "chain" && size(tables) > 2', refuse: 'more than 2 tables: ask the data team' },
        { id: 'half', when: 'user.startsWith("chain-half-")', share: 0.5, groupId: 'right' },
        { id: 'rest', when: 'source == "chain" || user.startsWith("chain-")', groupId: 'left' },
      ],
    },
  },
  { id: 'policies', policies: {} },
];

/** A stored routing chain of header, tags, rules and policies decides for real queries, proved by where Trino ran them. */
export function describeRoutingChain(running: () => Running): void {
  describe('a routing chain of header, tags, rules and policies', () => {
    beforeAll(async () => {
      await running().suite.call('RoutingService/PutRoutingChain', { chain: { steps } });
    });
    afterAll(async () => {
      await running().suite.call('RoutingService/PutRoutingChain', { chain: { steps: steps.slice(-1) } });
    });

    test.each<[string, string, QueryOptions, Side]>([
      ['the group that a header asks for', 'SELECT 1', { headers: { 'route-to': 'right' } }, 'rejecting'],
      ['the other one', 'SELECT 1', { headers: { 'Route-To': 'left' } }, 'accepting'],
      ['client tags', 'SELECT 1', { headers: { 'x-trino-client-tags': 'a, chain-right' } }, 'rejecting'],
      ['a table', 'SELECT count(*) FROM tpch.tiny.customer', chain(), 'rejecting'],
      [
        'a table by default catalog and schema',
        'SELECT count(*) FROM customer',
        chain({ 'x-trino-catalog': 'tpch', 'x-trino-schema': 'tiny' }),
        'rejecting',
      ],
      ['another table', 'SELECT count(*) FROM tpch.tiny.nation', chain(), 'accepting'],
      ['the kind of statement', 'EXPLAIN SELECT count(*) FROM tpch.tiny.nation', chain(), 'rejecting'],
      ['the user', 'SELECT 1', { user: 'chain-rita' }, 'rejecting'],
      ['another user', 'SELECT 1', { user: 'chain-otto' }, 'accepting'],
      ['a pinned backend', 'SELECT 1', { headers: { 'x-trino-client-tags': 'chain-pin' } }, 'rejecting'],
      [
        'the policies, when no other step decides',
        'SELECT 1',
        { headers: { 'x-trino-client-tags': 'etl' } },
        'accepting',
      ],
    ])('%s leads there', async (name, statement, options, target) => {
      const { suite, clusters } = running();
      const mark = `chain: ${name}`;
      const result = await runQuery(suite.router.url, `${statement} -- ${mark}`, options);
      expect(result.error).toBeUndefined();
      const other = target === 'accepting' ? 'rejecting' : 'accepting';
      expect((await seenByTrino(clusters[target], mark)).map(({ id }) => id)).toEqual([result.id]);
      expect(await seenByTrino(clusters[other], mark)).toEqual([]);
    });

    test('half of the users go elsewhere, and each of them always the same way', async () => {
      const { suite, clusters } = running();
      const users = Array.from({ length: 12 }, (_, at) => `chain-half-${at}`);
      for (const user of [...users, ...users]) await runQuery(suite.router.url, 'SELECT 1 -- chain: half', { user });
      const [left, right] = [
        await seenByTrino(clusters.accepting, 'half'),
        await seenByTrino(clusters.rejecting, 'half'),
      ];
      const usersOf = (seen: { user: string }[]) => new Set(seen.map(({ user }) => user));
      expect(left.length + right.length).toBe(24);
      expect(usersOf(left).intersection(usersOf(right)).size).toBe(0);
      expect(Math.min(usersOf(left).size, usersOf(right).size)).toBeGreaterThan(1);
    });

    test('a rule refuses with its message, and nothing runs', async () => {
      const { suite, clusters } = running();
      const statement = 'SELECT 1 FROM tpch.tiny.nation, tpch.tiny.region, tpch.tiny.part -- chain: refused';
      const { error } = await runQuery(suite.router.url, statement, chain());
      expect(error).toMatchObject({ errorName: 'QUERY_REJECTED', message: 'more than 2 tables: ask the data team' });
      const unknown = await runQuery(suite.router.url, 'SELECT 1 -- chain: refused', {
        headers: { 'route-to': 'nowhere' },
      });
      expect(unknown.error?.errorName).toBe('QUERY_REJECTED');
      for (const cluster of [clusters.accepting, clusters.rejecting])
        expect(await seenByTrino(cluster, 'chain: refused')).toEqual([]);
    });

    test('session properties and tags that a rule adds are those of the query, beside the client’s own', async () => {
      const { suite, clusters } = running();
      const headers = {
        'x-trino-session': 'query_max_execution_time=3m,query_priority=7',
        'x-trino-client-tags': 'mine',
      };
      const shown = await runQuery(suite.router.url, "SHOW SESSION LIKE 'query_%'", chain(headers));
      const shownValue = (name: string) => shown.rows.find(([property]) => property === name)?.[1];
      expect(shownValue('query_max_execution_time')).toBe('17m');
      expect(shownValue('query_priority')).toBe('7');
      expect(await tagsOf(clusters.accepting.url, shown.id)).toEqual(['by-rule', 'mine']);
    });
  });
}

function chain(headers: Record<string, string> = {}): QueryOptions {
  return { headers: { 'x-trino-source': 'chain', ...headers } };
}

async function tagsOf(url: string, queryId: string): Promise<string[]> {
  const answer = await fetch(`${url}/v1/query/${queryId}`, {
    headers: { 'x-trino-user': 'e2e-looks' },
    signal: AbortSignal.timeout(10_000),
  });
  const { session } = (await answer.json()) as { session: { clientTags: string[] } };
  return session.clientTags.toSorted();
}
