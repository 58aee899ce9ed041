import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { pastQuery } from './past-query.ts';

const past = (fields: MessageInitShape<typeof QuerySchema>) =>
  pastQuery(
    create(QuerySchema, { id: '1', trinoQueryId: '1', text: 'SELECT 1', user: 'ann', groupId: 'adhoc', ...fields }),
  );

test('a query is submitted again with all that history has of its request', () => {
  const request = {
    ...{ listeningPort: 8081, host: 'trino.example', catalog: 'hive', schema: 'raw', clientInfo: 'ci' },
    ...{ routingGroup: 'etl', sessionProperties: ['a', 'b'], connectionProperties: 'team=data' },
  };
  const query = past({ source: 'cli', clientTags: ['x', 'y'], clientIp: '10.0.0.1', request });
  expect(query).toMatchObject({
    before: { groupId: 'adhoc' },
    isComplete: true,
    submitted: { listeningPort: 8081, host: 'trino.example', user: 'ann', statement: 'SELECT 1', clientIp: '10.0.0.1' },
  });
  const headers = 'submitted' in query ? query.submitted.headers : [];
  expect(headers.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'X-Trino-User: ann',
    'X-Trino-Source: cli',
    'X-Trino-Client-Tags: x,y',
    'X-Trino-Client-Info: ci',
    'X-Trino-Catalog: hive',
    'X-Trino-Schema: raw',
    'X-Trino-Routing-Group: etl',
    'X-Trino-Session: a=,b=',
    'X-Trino-Connection-Properties: team=data',
  ]);
});

test('source and tags are those of the client, not those that a rule gave the cluster', () => {
  const query = past({ source: 'rule', clientTags: ['rule'], request: { source: 'cli', clientTags: '' } });
  const headers = 'submitted' in query ? query.submitted.headers : [];
  expect(headers.map(({ value }) => value)).toEqual(['ann', 'cli']);
});

test('of an older row, or of one that was cut, the replay knows that something is missing', () => {
  expect([past({}), past({ request: { cut: true } })]).toMatchObject([{ isComplete: false }, { isComplete: false }]);
});

test.each<[string, MessageInitShape<typeof QuerySchema>, unknown]>([
  ['a statement of a transaction', { decidedBy: 'transaction', groupId: '' }, /transaction/],
  ['a kill_query', { decidedBy: 'kill_query', groupId: '' }, /killed/],
  ['a query that no router submitted', { groupId: '' }, /no group/],
  ['a query without its text', { text: '' }, /not in the history/],
])('%s is not replayed', (_, fields, why) => {
  expect(past(fields)).toEqual({ why: expect.stringMatching(why as RegExp) });
});

test('what was refused is replayed, too', () => {
  const fields = { trinoQueryId: '', groupId: '', state: Query_State.FAILED, error: { message: 'no group' } };
  expect(past(fields)).toMatchObject({ before: { refused: 'no group' } });
});
