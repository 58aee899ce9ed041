import { getOption } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendService, GroupService, internal, SuiteService } from '@trino-gateway/api/gateway';
import { matchRoute, routeTable } from './route-table.ts';

const routes = routeTable([BackendService, GroupService, SuiteService].flatMap(({ methods }) => methods));

describe('a request finds its call', () => {
  test.each([
    ['GET', '/api/v1/backends', 'ListBackends', []],
    ['GET', '/api/v1/backends/blue', 'GetBackend', ['blue']],
    ['HEAD', '/api/v1/backends/blue', 'GetBackend', ['blue']],
    ['PUT', '/api/v1/backends/blue', 'PutBackend', ['blue']],
    ['DELETE', '/api/v1/backends/a.b_c-1', 'DeleteBackend', ['a.b_c-1']],
    ['POST', '/api/v1/backends/blue:enable', 'EnableBackend', ['blue']],
    ['POST', '/api/v1/backends/%62%20lue:enable', 'EnableBackend', ['b lue']],
    ['GET', '/api/v1/backends/a%3Aenable', 'GetBackend', ['a:enable']],
    ['POST', '/api/v1/groups:evaluateBackend', 'EvaluateBackendForGroups', []],
  ])('%s %s is %s', (method, path, rpc, values) => {
    const match = matchRoute(routes, method, path);
    expect(match.kind === 'route' && [match.route.rpc.name, match.values]).toEqual([rpc, values]);
  });
});

describe('a request that finds none', () => {
  test.each([
    ['POST', '/api/v1/backends', { kind: 'wrong-method', allowed: ['GET', 'HEAD'] }],
    ['GET', '/api/v1/backends/blue:enable', { kind: 'wrong-method', allowed: ['POST'] }],
    ['get', '/api/v1/backends', { kind: 'wrong-method', allowed: ['GET', 'HEAD'] }],
    ['PATCH', '/api/v1/groups/g', { kind: 'wrong-method', allowed: ['PUT', 'GET', 'HEAD', 'DELETE'] }],
    ['GET', '/api/v1/backends/%', { kind: 'malformed' }],
    ['GET', '/api/v1/backends/%ff', { kind: 'malformed' }],
    ['GET', '/api/v1/backends/blue/', { kind: 'unknown' }],
    ['POST', '/api/v1/backends/blue:grow', { kind: 'unknown' }],
    ['GET', '/', { kind: 'unknown' }],
    ['GET', '', { kind: 'unknown' }],
  ])('%s %s', (method, path, expected) => {
    expect(matchRoute(routes, method, path)).toEqual(expected);
  });
});

test('calls between the processes are not served as REST', () => {
  expect(routes.filter(({ rpc }) => getOption(rpc, internal)).map(({ rpc }) => rpc.name)).toEqual([]);
});
