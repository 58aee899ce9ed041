import { toJsonString } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Query_RequestFactsSchema } from '@trino-gateway/api/gateway';
import { requestFacts } from './request-facts.ts';

const sent = (rawHeaders: string[], host = 'trino.example') => ({ listeningPort: 8080, host, rawHeaders });

test('history gets what routing looks at, and nothing secret', () => {
  const rawHeaders = [
    ...[
      'X-Trino-Catalog',
      'hive',
      'X-Presto-Schema',
      'raw',
      'X-Trino-Client-Info',
      'ci',
      'X-Trino-Routing-Group',
      'etl',
    ],
    ...['X-Trino-Session', 'hive.password=hunter2,join=AUTOMATIC', 'Authorization', 'Basic hunter2'],
    ...['X-Trino-Connection-Properties', 'team=data, apiKey=hunter2 ,site=north', 'Cookie', 'hunter2'],
    ...['X-Trino-Extra-Credential', 'a=hunter2', 'X-Trino-Source', 'mine', 'X-Trino-Client-Tags', 'a,b'],
  ];
  const facts = requestFacts(sent(rawHeaders), ['X-Trino-Source', 'set by a policy', 'X-Trino-Client-Tags', 'a,b,c']);
  expect(facts).toMatchObject({
    listeningPort: 8080,
    host: 'trino.example',
    catalog: 'hive',
    schema: 'raw',
    clientInfo: 'ci',
    routingGroup: 'etl',
    sessionProperties: ['hive.password', 'join'],
    connectionProperties: 'team=data,apiKey=,site=north',
    source: 'mine',
    clientTags: 'a,b',
    cut: false,
  });
  expect(toJsonString(Query_RequestFactsSchema, facts)).not.toContain('hunter2');
});

test('source and tags are repeated only where the cluster got others', () => {
  const rawHeaders = ['X-Trino-Source', 'mine'];
  expect(requestFacts(sent(rawHeaders), rawHeaders)).not.toHaveProperty('source');
});

test('what is long is cut, and said to be', () => {
  const long = 'x'.repeat(60_000);
  const rawHeaders = [
    ...['X-Trino-Catalog', long, 'X-Trino-Schema', long, 'X-Trino-Client-Info', long, 'X-Trino-Source', long],
    ...['X-Trino-Session', `${long}=1,a=2`, 'X-Trino-Connection-Properties', `a=1,b=${long}`],
  ];
  const facts = requestFacts(sent(rawHeaders, long), []);
  expect(facts.cut).toBe(true);
  expect(facts.connectionProperties).toBe('a=1');
  expect(toJsonString(Query_RequestFactsSchema, facts).length).toBeLessThan(2_048);
});
