import { expect, test } from '@jest/globals';
import { routedQuery } from '../../chain/routed-query.ts';
import { requestWriter, scriptNeeds } from './script-request.ts';

const query = routedQuery(
  {
    listeningPort: 8080,
    host: 'trino.example',
    headers: [
      { name: 'X-Trino-User', value: 'ann' },
      { name: 'X-Twice', value: 'one' },
      { name: 'x-twice', value: 'two' },
      { name: 'X-Name', value: 'Zoë' },
    ],
    user: 'ann',
    statement: 'SELECT 1',
    clientIp: '10.0.0.1',
  },
  1_800_000_000_000,
);
const written = (source: string) => JSON.parse(requestWriter(source)(query, 0.25));

test('a script gets what it names, and the time', () => {
  expect(written('function route(q) { return q.user === "ann" ? q.host : q["client_ip"] }')).toEqual({
    request: { user: 'ann', host: 'trino.example', client_ip: '10.0.0.1', now: 1_800_000_000_000 },
  });
  expect(written('q.chance < 0.5 && q.username')).toEqual({ request: { chance: 0.25, now: 1_800_000_000_000 } });
});

test('a script that was written for trino-lb gets the statement, and headers as they are there', () => {
  expect(written('def targetClusterGroup(query, headers): pass')).toMatchObject({
    statement: 'SELECT 1',
    headers: { 'x-trino-user': 'ann', 'x-twice': 'two' },
  });
  expect(written('def targetClusterGroup(query, headers): pass').headers).not.toHaveProperty('x-name');
});

test('prepared statements are sent only for scripts that look at what a statement says', () => {
  expect(scriptNeeds('q.tables.length > 5')).toEqual({ preparedStatements: true });
  expect(scriptNeeds('q.user')).toEqual({ preparedStatements: false });
});
