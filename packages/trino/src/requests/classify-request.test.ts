import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classifyRequest } from './classify-request.ts';

const id = '20261121_072228_00317_nitsd';
const slug = 'yd4443010cf909c76feb3ccf9f42d992659d83d85';
const of = (method: string, target: string) => classifyRequest({ method, target });

describe('each path of Trino that a client may use', () => {
  test.each<[string, string, object]>([
    ['POST', '/v1/statement', { kind: 'submit' }],
    ['POST', '/v1/statement/', { kind: 'submit' }],
    ['POST', '/v1/statement?a=b', { kind: 'submit', target: '/v1/statement?a=b' }],
    ['HEAD', '/v1/statement', { kind: 'validate' }],
    [
      'GET',
      `/v1/statement/queued/${id}/${slug}/1`,
      { kind: 'poll', method: 'GET', phase: 'queued', queryId: id, slug, token: 1 },
    ],
    ['HEAD', `/v1/statement/queued/${id}/${slug}/1`, { kind: 'poll', method: 'HEAD', phase: 'queued' }],
    ['DELETE', `/v1/statement/queued/${id}/${slug}/1`, { kind: 'poll', method: 'DELETE', phase: 'queued' }],
    [
      'GET',
      `/v1/statement/executing/${id}/${slug}/12?maxWait=10s&targetResultSize=5MB`,
      {
        kind: 'poll',
        phase: 'executing',
        token: 12,
        target: `/v1/statement/executing/${id}/${slug}/12?maxWait=10s&targetResultSize=5MB`,
      },
    ],
    ['HEAD', `/v1/statement/executing/${id}/${slug}/0`, { kind: 'poll', method: 'HEAD', phase: 'executing' }],
    ['DELETE', `/v1/statement/executing/${id}/${slug}/0`, { kind: 'poll', method: 'DELETE', phase: 'executing' }],
    [
      'DELETE',
      `/v1/statement/executing/partialCancel/${id}/0/${slug}/3`,
      { kind: 'partialCancel', queryId: id, stage: '0', slug, token: 3 },
    ],
    ['GET', '/v1/info', { kind: 'info', resource: 'info' }],
    ['HEAD', '/v1/info', { kind: 'info', resource: 'info' }],
    ['GET', '/v1/info/state', { kind: 'info', resource: 'state' }],
    ['GET', '/v1/info/coordinator', { kind: 'info', resource: 'coordinator' }],
    ['GET', '/v1/status', { kind: 'status' }],
    ['GET', '/v1/node', { kind: 'nodes' }],
    ['OPTIONS', '/v1/statement', { kind: 'options', allow: 'HEAD,POST,OPTIONS' }],
    ['OPTIONS', '*', { kind: 'options' }],
    ['HEAD', '/v1/status', { kind: 'status' }],
    ['GET', '/v1/query', { kind: 'queryList' }],
    ['GET', '/v1/query?state=RUNNING', { kind: 'queryList' }],
    ['GET', `/v1/query/${id}?pruned=true`, { kind: 'query', queryId: id, action: 'get' }],
    ['DELETE', `/v1/query/${id}`, { kind: 'query', queryId: id, action: 'cancel' }],
    ['PUT', `/v1/query/${id}/killed`, { kind: 'query', queryId: id, action: 'killed' }],
    ['PUT', `/v1/query/${id}/preempted`, { kind: 'query', queryId: id, action: 'preempted' }],
    ['GET', '/v1/spooled/download/abc_-=', { kind: 'spooled', action: 'download' }],
    ['HEAD', '/v1/spooled/download/abc_-=', { kind: 'spooled', action: 'download' }],
    ['GET', '/v1/spooled/ack/abc_-=', { kind: 'spooled', action: 'ack' }],
    ['GET', '/oauth2/token/3497e4d5.AbC', { kind: 'login', step: 'token', id: '3497e4d5.AbC' }],
    ['DELETE', '/oauth2/token/3497e4d5', { kind: 'login', step: 'token', id: '3497e4d5' }],
    ['GET', '/oauth2/token/initiate/3497e4d5', { kind: 'login', step: 'initiate', id: '3497e4d5' }],
    ['GET', '/oauth2/callback?code=a&state=b', { kind: 'loginCallback', query: 'code=a&state=b' }],
    ['GET', '/', { kind: 'ui', queryId: undefined }],
    ['GET', '/ui', { kind: 'ui', queryId: undefined }],
    ['GET', '/ui/', { kind: 'ui', queryId: undefined }],
    ['GET', `/ui/query.html?${id}`, { kind: 'ui', queryId: id }],
    ['GET', `/ui/login.html?/ui/query.html?${id}`, { kind: 'ui', queryId: id }],
    ['GET', `/ui/api/query/${id}`, { kind: 'ui', queryId: id }],
    ['PUT', `/ui/api/query/${id}/killed`, { kind: 'ui', queryId: id }],
    ['GET', '/ui/api/query', { kind: 'ui', queryId: undefined }],
    ['POST', '/ui/login', { kind: 'ui', queryId: undefined }],
    ['GET', '/ui/dist/index.js', { kind: 'ui', queryId: undefined }],
    ['GET', '/ui/assets/logo%20small.png', { kind: 'ui' }],
  ])('%s %s', (method, target, expected) => {
    expect(of(method, target)).toMatchObject(expected);
  });
});

describe('a wrong method is answered with the right ones', () => {
  test.each([
    ['GET', '/v1/statement', 'HEAD,POST,OPTIONS'],
    ['PATCH', '/v1/statement', 'HEAD,POST,OPTIONS'],
    ['post', '/v1/statement', 'HEAD,POST,OPTIONS'],
    ['POST', `/v1/statement/queued/${id}/${slug}/1`, 'DELETE,GET,HEAD,OPTIONS'],
    ['GET', `/v1/statement/executing/partialCancel/${id}/0/${slug}/3`, 'DELETE,OPTIONS'],
    ['PUT', '/v1/info/state', 'GET,HEAD,OPTIONS'],
    ['POST', `/v1/query/${id}`, 'DELETE,GET,HEAD,OPTIONS'],
    ['GET', `/v1/query/${id}/killed`, 'PUT,OPTIONS'],
    ['TRACE', '/ui/', 'GET,HEAD,POST,PUT,DELETE,OPTIONS'],
    ['DELETE', '/v1/spooled/ack/a', 'GET,HEAD,OPTIONS'],
    ['PUT', '/v1/spooled/download/a', 'GET,HEAD,OPTIONS'],
    ['POST', '/v1/coordinator/nitsd.a/v1/spooled/ack/a', 'GET,HEAD,OPTIONS'],
  ])('%s %s', (method, target, allow) => {
    expect(of(method, target)).toMatchObject({ kind: 'refused', status: 405, allow });
  });
});

describe('paths that are not for clients are not found', () => {
  test.each([
    ...[
      '/v1/task',
      '/v1/task/x',
      '/v1/memory',
      '/v1/announce',
      '/v1/announcement',
      '/v1/service',
      '/v1/node/failed',
      '/v1/thread',
      '/metrics',
      '/v1/jmx/mbean',
    ],
    ...[
      '/v1/resourceGroupState/global',
      '/v1/integrations/gateway/metrics',
      '/v1/maxActiveSplits',
      '/v1/dynamicFilters',
      '/v1',
      '/v1/',
      '/v1/%74ask',
    ],
    ...[
      '/V1/task',
      '/V1/statement',
      '/v1/Statement',
      '/v1/info/foo',
      '/v1/info/state/x',
      '/v1/status/x',
      '/nothing',
      '/uix',
      '/oauth2',
      '/oauth2/token',
      '/oauth2/token/',
      '/oauth2/other',
      '/oauth2/callback/x',
      '/oauth2/x/oauth2/token/3497e4d5',
      `/oauth2/token/${'a'.repeat(300)}`,
      '/v1/statementx',
    ],
    ...[
      '/v1/statement/queued',
      `/v1/statement/queued/${id}`,
      `/v1/statement/queued/${id}/${slug}`,
      `/v1/statement/queued/${id}/${slug}/x`,
    ],
    ...[
      `/v1/statement/queued/${id}/${slug}/1/2`,
      `/v1/statement/queued/BAD/${slug}/1`,
      `/v1/statement/other/${id}/${slug}/1`,
    ],
    ...[
      `/v1/statement/queued/${id}/${slug}/-1`,
      `/v1/statement/queued/${id}/${slug}/${'9'.repeat(30)}`,
      '/v1/query/BAD-id',
      `/v1/query/${id}/other`,
    ],
    ...[
      `/v1/query/${id}/killed/x`,
      '/v1/spooled/download',
      '/v1/spooled/download/',
      '/v1/spooled/other/x',
      '/v1/spooled/ack/x/y',
      `/v1/query/${'a'.repeat(100_000)}`,
    ],
  ])('%s', (target) => {
    expect(of('GET', target)).toMatchObject({ kind: 'refused', status: 404 });
  });
});

describe('a path that another server could read differently is refused', () => {
  test.each([
    ...[
      '//v1/info',
      '/v1//info',
      '/v1/info//',
      '/v1/./info',
      '/v1/statement/../task',
      '/v1/statement/%2e%2e/task',
      '/v1/statement/%2E./task',
      '/ui/..',
      '/ui/../v1/task',
    ],
    ...[
      '/ui/..%2fv1/task',
      '/ui/%2f',
      '/ui\\..\\v1',
      '/ui/%5c',
      '/ui/%5C',
      '/v1/info;x=y',
      '/ui;x/a',
      '/ui/%3bx',
      '/ui/%00',
      '/ui/%0d%0aa',
      '/ui/%7f',
      '/ui/%252e',
      '/ui/%',
      '/ui/%zz',
    ],
    ...[
      '/ui/a b',
      '/ui/\u0000',
      '/ui/\u00e9',
      '/ui/#x',
      '/v1/query/..%2f..%2finfo%2fstate',
      '',
      '*',
      'v1/info',
      '/ui/?a=\r\nb',
      '/ui/?a b',
      '/ui/?a#b',
    ],
  ])('%j', (target) => {
    expect(of('GET', target)).toMatchObject({ kind: 'refused', status: 400 });
  });
});

describe('absolute-form targets', () => {
  const own = (target: string) =>
    classifyRequest({ method: 'GET', target, isOwnAuthority: (authority) => authority === 'gw.example:8080' });
  test.each<[string, object]>([
    ['http://gw.example:8080/v1/info', { kind: 'info', target: '/v1/info' }],
    ['HTTP://gw.example:8080', { kind: 'ui', target: '/' }],
    ['http://169.254.169.254/v1/info', { kind: 'refused', status: 400 }],
    ['http://gw.example:8080@evil/v1/info', { kind: 'refused', status: 400 }],
    ['http://gw.example:8080\\@evil/v1/info', { kind: 'refused', status: 400 }],
    ['ftp://gw.example:8080/v1/info', { kind: 'refused', status: 400 }],
    ['http:///v1/info', { kind: 'refused', status: 400 }],
    ['http://gw.example:8080//v1/info', { kind: 'refused', status: 400 }],
  ])('%s', (target, expected) => {
    expect(own(target)).toMatchObject(expected);
    expect(of('GET', target)).toMatchObject({ kind: 'refused', status: 400 });
  });
});

test('every path that passes is one that was recognised, unchanged', () => {
  const piece = fc.constantFrom(
    '/',
    'v1',
    'statement',
    'queued',
    'executing',
    'query',
    'ui',
    'info',
    id,
    slug,
    '1',
    '.',
    '..',
    '%2e',
    '%2f',
    '\\',
    ';',
    '?',
    'a',
  );
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
  );
  fc.assert(
    fc.property(fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD'), target, (method, text) => {
      const request = of(method, text);
      if (request.kind === 'refused') return;
      expect(request.target).toBe(text);
      expect(new URL(text, 'http://h').pathname).toBe(text.split('?')[0]);
    }),
    { numRuns: 2000 },
  );
});
