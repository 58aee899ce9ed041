import { describe, expect, test } from '@jest/globals';
import { headerFamily, toPrestoHeaders, toTrinoHeaders, trinoHeader, trinoHeaders } from './protocol-headers.ts';
import { allHeaders, firstHeader, withoutHopByHop } from './raw-headers.ts';

describe('the family of headers', () => {
  test.each([
    [['Host', 'h', 'X-Trino-User', 'joe'], 'trino'],
    [['x-presto-user', 'joe'], 'presto'],
    [['X-PRESTO-User', 'joe', 'x-trino-source', ''], 'both'],
    [['Host', 'h', 'X-Trino-', 'x', 'X-TrinoUser', 'x', 'Accept', 'x-trino-user'], 'none'],
    [[], 'none'],
  ] as const)('%j is %s', (headers, family) => {
    expect(headerFamily(headers)).toBe(family);
  });

  test('a header is found in either family, the first line of it, empty or not', () => {
    const headers = ['X-Presto-Source', ' a ', 'x-presto-source', 'b', 'X-Trino-User', ''];
    expect(trinoHeader(headers, 'source')).toBe(' a ');
    expect(trinoHeaders(headers, 'source')).toEqual([' a ', 'b']);
    expect(trinoHeader(headers, 'user')).toBe('');
    expect(trinoHeader(headers, 'schema')).toBeUndefined();
  });
});

describe('translation keeps values, order and repeated lines', () => {
  test('X-Presto-* becomes X-Trino-*', () => {
    expect(
      toTrinoHeaders(['Host', 'x-presto-h', 'X-Presto-Session', 'a=1', 'x-presto-session', 'b=2', 'X-Prestox', '1']),
    ).toEqual(['Host', 'x-presto-h', 'X-Trino-Session', 'a=1', 'X-Trino-session', 'b=2', 'X-Prestox', '1']);
  });

  test('an answer becomes X-Presto-*, but for the data encoding', () => {
    const answer = [
      'X-Trino-Set-Session',
      'a=1',
      'X-Trino-Set-Session',
      'b=2',
      'X-Trino-Query-Data-Encoding',
      'json',
      'Vary',
      'X-Trino-User',
    ];
    expect(toPrestoHeaders(answer)).toEqual([
      'X-Presto-Set-Session',
      'a=1',
      'X-Presto-Set-Session',
      'b=2',
      'X-Trino-Query-Data-Encoding',
      'json',
      'Vary',
      'X-Trino-User',
    ]);
  });
});

describe('hop-by-hop headers end here', () => {
  test('the known ones, those named in Connection, and nothing else', () => {
    const headers = [
      ...[
        'Host',
        'h',
        'Connection',
        'Keep-Alive, X-Mine',
        'connection',
        ' te ,x-other',
        'Keep-Alive',
        'timeout=5',
        'X-Mine',
        '1',
        'x-OTHER',
        '2',
      ],
      ...[
        'TE',
        'trailers',
        'Trailer',
        'x',
        'Transfer-Encoding',
        'chunked',
        'Upgrade',
        'h2c',
        'Proxy-Authorization',
        's',
        'Proxy-Connection',
        'c',
      ],
      ...['Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-Trino-Set-Session', 'a=1', 'X-Trino-Set-Session', 'b=2'],
    ];
    expect(withoutHopByHop(headers)).toEqual([
      ...[
        'Host',
        'h',
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
        'X-Trino-Set-Session',
        'a=1',
        'X-Trino-Set-Session',
        'b=2',
      ],
    ]);
  });

  test('Connection does not remove headers that frame the message', () => {
    const headers = ['Host', 'h', 'Content-Length', '3', 'Content-Encoding', 'gzip', 'Content-Type', 'text/plain'];
    expect(withoutHopByHop([...headers, 'Connection', 'content-length, Host, content-encoding, content-type'])).toEqual(
      headers,
    );
  });
});

test('Connection removes neither the user nor the session of a statement', () => {
  const headers = ['Authorization', 'a', 'Cookie', 'b', 'X-Trino-Transaction-Id', 'c', 'X-Presto-User', 'd'];
  const named = 'authorization, Cookie, X-Trino-Transaction-Id, x-presto-user, x-trinoish';
  expect(withoutHopByHop([...headers, 'X-Trinoish', 'e', 'Connection', named])).toEqual(headers);
});

test('headers are found whatever their case', () => {
  const headers = ['WWW-Authenticate', 'Basic', 'www-authenticate', 'Bearer'];
  expect(firstHeader(headers, 'www-authenticate')).toBe('Basic');
  expect(allHeaders(headers, 'www-authenticate')).toEqual(['Basic', 'Bearer']);
  expect(firstHeader(['A', 'b'], 'b')).toBeUndefined();
});
