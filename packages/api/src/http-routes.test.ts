import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { type HttpRuleSchema, HttpRuleSchema as schema } from './gen/google/api/http_pb.ts';
import { BackendService, QueryService } from './gen/trinogateway/v1/gateway_pb.ts';
import { httpRoute, queryFields } from './http-routes.ts';

const rpc = BackendService.method.putBackend;
const rule = (init: MessageInitShape<typeof HttpRuleSchema>) => create(schema, init);
const put = (value: string) => rule({ pattern: { case: 'put', value } });

describe('a path template', () => {
  test.each<[string, string, string[] | null]>([
    ['/v1/b/{b.id}', '/v1/b/blue', ['blue']],
    ['/v1/b/{b.id}', '/v1/b/a%2Fb', ['a%2Fb']],
    ['/v1/b/{b.id}', '/v1/b/', null],
    ['/v1/b/{b.id}', '/v1/b/blue/', null],
    ['/v1/b/{b.id}', '/v1/b/blue:enable', null],
    ['/v1/b/{b.id}', '/other/v1/b/blue', null],
    ['/v1/b/{id}:enable', '/v1/b/blue:enable', ['blue']],
    ['/v1/b/{id}:enable', '/v1/b/blue:enabled', null],
    ['/v1/b/{id}:enable', '/v1/b/blue', null],
    ['/v1/b/{id}/c/{other}', '/v1/b/1/c/2', ['1', '2']],
    ['/v1.b', '/v1xb', null],
    ['/v1:do', '/v1:do', []],
  ])('%s matches %s: %j', (template, path, values) => {
    const match = httpRoute(rpc, put(template)).pattern.exec(path);
    expect(match && [...match].slice(1)).toEqual(values);
  });

  test('names the fields that the path gives', () => {
    expect(httpRoute(rpc, put('/v1/{b.id}/c/{other}'))).toMatchObject({ verb: 'PUT', pathFields: ['b.id', 'other'] });
  });
});

test.each([
  rule({}),
  put('v1'),
  put('/v1/*'),
  put('/v1/{name=a/*}'),
  rule({ pattern: { case: 'get', value: '/v1' }, additionalBindings: [put('/v2')] }),
])('an option that is not understood stops the start: %j', (option) => {
  expect(() => httpRoute(rpc, option)).toThrow('trinogateway.v1.BackendService/PutBackend: google.api.http');
});

describe('the query', () => {
  const names = (method: typeof rpc | typeof QueryService.method.listQueries, path: string, body = '') =>
    queryFields(httpRoute(method, rule({ pattern: { case: 'get', value: path }, body }))).map(({ name }) => name);

  test('gives the fields that neither the path nor the body gives', () => {
    expect(names(rpc, '/v1/{backend.id}', 'backend')).toEqual([]);
    expect(names(rpc, '/v1', '*')).toEqual([]);
    expect(names(QueryService.method.listQueries, '/v1/{user}')).not.toContain('user');
    expect(names(QueryService.method.listQueries, '/v1')).toContain('submitted_after');
  });
});
