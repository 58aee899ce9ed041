import { expect, test } from '@jest/globals';
import { loggedPath } from './logged-path.ts';

const ID = '20261121_080808_00130_93wed';

test.each([
  ['/v1/statement', '/v1/statement'],
  [`/v1/statement/queued/${ID}/ya1b2c3/1`, `/v1/statement/queued/${ID}/*/*`],
  [`/v1/statement/executing/${ID}/ya1b2c3/12?maxWait=1s`, `/v1/statement/executing/${ID}/*/*`],
  [`/v1/statement/executing/partialCancel/${ID}/3/yaaaa/4`, `/v1/statement/executing/partialCancel/${ID}/*/…`],
  [
    `/v1/statement/queued/20261121_080808_00001_0abcd/s3cr3t-of-the-wait/1`,
    '/v1/statement/queued/20261121_080808_00001_0abcd/*/*',
  ],
  [`/v1/query/${ID}?pruned=true`, `/v1/query/${ID}`],
  [`/v1/query/${ID}/killed`, `/v1/query/${ID}/killed`],
  ['/v1/spooled/download/s3cr3t', '/v1/spooled/download/*'],
  ['/v1/spooled/ack/s3cr3t', '/v1/spooled/ack/*'],
  ['/v1/coordinator/93wed.s3cr3t/v1/spooled/ack/s3cr3t', '/v1/spooled/ack/*'],
  [`/v1/coordinator/93wed.s3cr3t/v1/statement/executing/${ID}/ya1b2c3/12`, `/v1/statement/executing/${ID}/*/*`],
  ['/oauth2/token/0f9e-7f3a', '/oauth2/token/*'],
  ['/oauth2/token/initiate/0f9e7f3a', '/oauth2/token/initiate/*'],
  ['/oauth2/callback?code=s3cr3t&state=eyJ', '/oauth2/callback'],
  ['/ui/query.html?20261121', '/ui/query.html'],
  [`/ui/api/query/${ID}`, `/ui/api/query/${ID}`],
  ['/ui/s3cr3t', '/ui/*'],
  ['http://gw.example:8080/v1/info', '/v1/info'],
  ['https://user:s3cr3t@gw.example/v1/info', '/v1/info'],
  ['/v1/info#s3cr3t', '/v1/info'],
  ['/s3cr3t', '/*'],
  ['/v1/../s3cr3t', '/v1/*/*'],
  ['', '/'],
  ['*', '/'],
  ['//s3cr3t//', '//*//'],
  ['/v1/statement/queued/s3cr3t\r\nX: y/1', '/v1/statement/queued/*/*'],
])('%s is logged as %s', (target, logged) => {
  expect(loggedPath(target)).toBe(logged);
});

test('a path of a megabyte is logged short', () => {
  expect(loggedPath('/v1/a'.repeat(200_000)).length).toBeLessThan(60);
  expect(loggedPath(`/v1/${'a'.repeat(1_000_000)}`)).toBe('/v1/*');
});
