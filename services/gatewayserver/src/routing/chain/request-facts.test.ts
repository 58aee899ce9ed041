import { expect, test } from '@jest/globals';
import { type RequestFact, requestFacts } from './request-facts.ts';
import { routedQuery, type SubmittedQuery } from './routed-query.ts';

const bare: SubmittedQuery = { listeningPort: 8080, host: '', headers: [], user: '', statement: '', clientIp: '' };

function factsOf(submitted: Partial<SubmittedQuery>): Record<string, unknown> {
  const query = routedQuery({ ...bare, ...submitted }, 1_800_000_000_000);
  return Object.fromEntries(
    Object.entries<RequestFact>(requestFacts).map(([name, { of }]) => [name, of(query)] as const),
  );
}

test('rules and scripts see what the client sent, headers of either family', () => {
  const headers = [
    { name: 'X-Presto-Source', value: 'dashboard' },
    { name: 'X-Presto-Client-Tags', value: ' a, b ,a' },
    { name: 'X-Presto-Client-Info', value: 'info' },
    { name: 'X-Presto-Catalog', value: 'hive' },
    { name: 'X-Presto-Schema', value: 'raw' },
    { name: 'X-Presto-Session', value: 'p=1,hive.q=a%2Cb' },
    { name: 'X-Presto-Transaction-Id', value: 'd3c5a7e0-0000-4000-8000-000000000000' },
    { name: 'Accept', value: 'x' },
    { name: 'accept', value: 'y' },
  ];
  const submitted = { headers, host: 'Trino.Example:8080', user: 'ann', statement: 'SELECT 1', clientIp: '10.0.0.1' };
  expect(factsOf(submitted)).toMatchObject({
    user: 'ann',
    source: 'dashboard',
    client_tags: ['a', 'b'],
    client_info: 'info',
    catalog: 'hive',
    schema: 'raw',
    headers: { 'x-presto-source': 'dashboard', accept: 'x,y' },
    listening_port: 8080,
    host: 'trino.example',
    client_ip: '10.0.0.1',
    now: 1_800_000_000_000,
    session: { p: '1', 'hive.q': 'a,b' },
    in_transaction: true,
    statement: 'SELECT 1',
    length: 8,
  });
});

test('what the client did not send is empty', () => {
  const facts = factsOf({});
  expect(facts).toMatchObject({ source: '', client_tags: [], catalog: '', headers: {}, session: {}, length: 0 });
  expect(facts.in_transaction).toBe(false);
});
