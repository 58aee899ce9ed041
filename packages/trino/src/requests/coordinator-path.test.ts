import { describe, expect, test } from '@jest/globals';
import { classifyRequest } from './classify-request.ts';
import { coordinatorPath } from './coordinator-path.ts';

const id = '20261121_072228_00317_nitsd';
const slug = 'yd4443010cf909c76feb3ccf9f42d992659d83d85';
const of = (method: string, target: string) => classifyRequest({ method, target });

describe('links of a query that spools name its coordinator in the path before them', () => {
  const coordinator = { suffix: 'nitsd', code: 'Zm9v-_0' };
  const path = coordinatorPath(coordinator);

  test.each<[string, string, object]>([
    ['GET', `/v1/statement/executing/${id}/${slug}/2?maxWait=1s`, { kind: 'poll', queryId: id, token: 2 }],
    ['HEAD', `/v1/statement/queued/${id}/${slug}/1`, { kind: 'poll', method: 'HEAD' }],
    ['DELETE', `/v1/statement/executing/${id}/${slug}/0`, { kind: 'poll', method: 'DELETE' }],
    ['DELETE', `/v1/statement/executing/partialCancel/${id}/0/${slug}/3`, { kind: 'partialCancel', queryId: id }],
    ['GET', '/v1/spooled/download/abc_-=', { kind: 'spooled', action: 'download' }],
    ['GET', '/v1/spooled/ack/abc_-=', { kind: 'spooled', action: 'ack' }],
  ])('%s %s', (method, target, expected) => {
    const request = of(method, `${path}${target}`);
    expect(request).toMatchObject({ ...expected, target, coordinator });
  });

  test('the web UI is where it always is', () => {
    const target = `/ui/query.html?${id}`;
    expect(of('GET', `${path}${target}`)).toEqual({ kind: 'moved', target });
  });

  test.each([
    ...['/v1/statement', '/v1/info', `/v1/query/${id}`, '/oauth2/token/a', '/v1/spooled/other/x', ''].map(
      (rest) => `/v1/coordinator/nitsd.a${rest}`,
    ),
    ...['/v1/coordinator', '/v1/coordinator/', '/v1/coordinator//v1/info', '/v1/coordinator/nits0.a/v1/spooled/ack/a'],
    ...['/v1/coordinator/NITSD.a/v1/spooled/ack/a', `/v1/coordinator/nitsd.${'a'.repeat(1_000_000)}/v1/spooled/ack/a`],
    ...[
      '/v1/coordinator/nitsd/v1/spooled/ack/a',
      '/v1/coordinator/nitsd./v1/spooled/ack/a',
      '/v1/coordinator/nitsd.a.b/v1/spooled/ack/a',
    ],
    '/v1/coordinator/nitsd.a/v1/coordinator/nitsd.a/v1/spooled/ack/a',
    `/v1/coordinator/nitsd.a/v1/spooled/download/${'a'.repeat(1_000_000)}`,
  ])('%.80s is not found', (target) => {
    for (const method of ['GET', 'POST']) expect(of(method, target)).toMatchObject({ kind: 'refused' });
  });
});
