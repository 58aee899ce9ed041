import { expect, test } from '@jest/globals';
import { type DecidedHeaders, withDecided } from './decided-headers.ts';

const sent = [
  'X-Trino-User',
  'alice',
  'X-Trino-Client-Tags',
  'a, b',
  'X-Trino-Session',
  'x=1',
  'X-Trino-Source',
  'cli',
];
const nothing: DecidedHeaders = { requestSource: '' };

test.each<[string, DecidedHeaders, string[]]>([
  ['nothing decided changes nothing', nothing, sent],
  ['a source replaces that of the client', { requestSource: 'bi' }, [...sent.slice(0, 6), 'X-Trino-Source', 'bi']],
  [
    'tags are added to those of the client, each once, in the one line that Trino reads',
    { ...nothing, addClientTags: ['b', 'c'] },
    [...sent.slice(0, 2), ...sent.slice(4), 'X-Trino-Client-Tags', 'a,b,c'],
  ],
  [
    'session properties come last, where they count over those of the client',
    { ...nothing, sessionProperties: { x: '2', 'hive.y': 'a,b=c d' } },
    [...sent, 'X-Trino-Session', 'x=2,hive.y=a%2Cb%3Dc%20d'],
  ],
  [
    'a header that an external service sets replaces all of that name, and rules add to it',
    { requestSource: '', setHeaders: { 'x-trino-client-tags': 'z', 'x-more': '1' }, addClientTags: ['c'] },
    [...sent.slice(0, 2), ...sent.slice(4), 'x-more', '1', 'X-Trino-Client-Tags', 'z,c'],
  ],
])('%s', (_, decided, expected) => {
  expect(withDecided(sent, decided)).toEqual(expected);
});

test('headers that lead the message, or say who sends it, are not set', () => {
  const setHeaders = {
    'X-Team': 'data',
    'X-Presto-Client-Info': 'info',
    authorization: 'Bearer x',
    'X-Trino-User': 'root',
    Host: 'elsewhere',
    'Content-Length': '1',
    'X-Forwarded-For': '1.2.3.4',
    'Transfer-Encoding': 'chunked',
    'X-Bad': 'a\r\nb: c',
    'bad name': 'x',
  };
  expect(withDecided(sent, { ...nothing, setHeaders })).toEqual([
    ...sent,
    ...['X-Team', 'data', 'X-Trino-Client-Info', 'info'],
  ]);
});
