import { describe, expect, test } from '@jest/globals';
import { classifyRequest } from './classify-request.ts';

describe('behind a path prefix', () => {
  const below = (target: string) =>
    classifyRequest({
      method: 'GET',
      target,
      prefix: '/trino',
      isOwnAuthority: (authority) => authority === 'gw.example',
    });
  test.each<[string, object]>([
    ['/trino/v1/info', { kind: 'info', target: '/v1/info' }],
    ['/v1/info', { kind: 'info', target: '/v1/info' }],
    ['http://gw.example/trino/v1/info', { kind: 'info', target: '/v1/info' }],
    ['/trino/ui/query.html?a', { kind: 'ui', target: '/ui/query.html?a' }],
    ['/trino', { kind: 'ui', target: '/' }],
    ['/trino/', { kind: 'ui', target: '/' }],
    ['/trino?a', { kind: 'ui', target: '/?a' }],
    ['/trino/trino/v1/info', { kind: 'refused', status: 404 }],
    ['/trinox/v1/info', { kind: 'refused', status: 404 }],
    ['/Trino/v1/info', { kind: 'refused', status: 404 }],
    ['/trino//v1/info', { kind: 'refused', status: 400 }],
    ['/trino/../v1/info', { kind: 'refused', status: 400 }],
    ['/trino/%2e%2e/v1/info', { kind: 'refused', status: 400 }],
    ['//trino/v1/info', { kind: 'refused', status: 400 }],
  ])('%s', (target, expected) => expect(below(target)).toMatchObject(expected));
});
