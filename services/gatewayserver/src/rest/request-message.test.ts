import type { DescMethod, JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendService, QueryService, RoutingService } from '@trino-gateway/api/gateway';
import { requestMessage } from './request-message.ts';
import { routeTable } from './route-table.ts';

const { putBackend, getBackend, enableBackend, markHealthy } = BackendService.method;
const { listQueries } = QueryService.method;
const { decide } = RoutingService.method;

function messageOf(rpc: DescMethod, path: string[], query = '', body?: JsonObject): JsonObject | string {
  const [route] = routeTable([rpc]);
  if (!route) throw new Error(`${rpc.name} has no route`);
  try {
    return requestMessage(route, { pathValues: path, query: new URLSearchParams(query), body });
  } catch (error) {
    return (error as { rawMessage: string }).rawMessage;
  }
}

describe('the request message', () => {
  test.each<[string, DescMethod, string[], string, JsonObject | undefined, JsonObject]>([
    ['a path', getBackend, ['a'], '', undefined, { id: 'a' }],
    ['a body that is a field', putBackend, ['a'], '', { url: 'u' }, { backend: { url: 'u', id: 'a' } }],
    ['the same id in both', putBackend, ['a'], '', { id: 'a' }, { backend: { id: 'a' } }],
    ['null, which is nothing', putBackend, ['a'], '', { id: null }, { backend: { id: 'a' } }],
    ['no body', putBackend, ['a'], '', undefined, { backend: { id: 'a' } }],
    ['a body that is the rest', markHealthy, ['a'], '', { durationMs: 5 }, { durationMs: 5, id: 'a' }],
    ['a body that is all', decide, [], '', { user: 'u' }, { user: 'u' }],
    ['an empty object for no body', enableBackend, ['a'], '', {}, { id: 'a' }],
    ['both spellings', listQueries, [], 'pageSize=2&page_token=t', undefined, { page_size: '2', page_token: 't' }],
    ['encoded text', listQueries, [], 'text=a%20%26+b', undefined, { text: 'a & b' }],
    ['a name that objects have', decide, [], '', JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ])('from %s', (_, rpc, path, query, body, expected) => {
    expect(JSON.stringify(messageOf(rpc, path, query, body))).toBe(JSON.stringify(expected));
  });
});

describe('a refusal names the parameter', () => {
  test.each<[string, DescMethod, string[], string, JsonObject | undefined, string]>([
    ['unknown', listQueries, [], 'usr=a', undefined, 'usr: unknown query parameter'],
    ['several', listQueries, [], 'a=1&b=2', undefined, 'a: unknown query parameter; b: unknown query parameter'],
    ['twice', listQueries, [], 'user=a&user=b', undefined, 'user: expected once'],
    ['in the query, but of the path', getBackend, ['a'], 'id=a', undefined, 'id: unknown query parameter'],
    ['in the query, but of the body', markHealthy, ['a'], 'reason=x', undefined, 'reason: unknown query parameter'],
    ['another id', putBackend, ['a'], '', { id: 'b' }, 'backend.id: expected nothing or "a" as in the path, got "b"'],
    ['no id', putBackend, ['a'], '', { id: {} }, 'backend.id: expected nothing or "a" as in the path, got an object'],
    ['a body for nothing', enableBackend, ['a'], '', { id: 'a' }, 'body: expected none'],
  ])('%s', (_, rpc, path, query, body, expected) => {
    expect(messageOf(rpc, path, query, body)).toBe(expected);
  });
});
