import { expect, test } from '@jest/globals';
import { banner, tokenCommand } from './banner.ts';

const served = {
  clients: ['http://127.0.0.1:8080'],
  api: 'http://127.0.0.1:8000',
  tokenCommand: undefined,
  user: 'alice',
  logPaths: ['data/logs/router.log'],
};

test('without a token the commands need none', () => {
  const text = banner(served);
  expect(text).toContain('  Command line    ./trino-gateway list backends\n');
  expect(text).toContain('  REST            curl http://127.0.0.1:8000/api/v1/backends\n');
  expect(text).toContain('http://127.0.0.1:8000/admin/swaggerui/');
  expect(text).not.toContain('Token');
});

test('with a token the commands carry the variable that holds it, never the token', () => {
  const env = { TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN: 'hunter2' };
  const text = banner({ ...served, tokenCommand: tokenCommand({ env, token: 'hunter2' }) });
  expect(text).toContain('export TRINO_GATEWAY_TOKEN="$TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN"');
  expect(text).toContain('curl -H "X-Auth-Key: $TRINO_GATEWAY_TOKEN" http://127.0.0.1:8000/api/v1/backends');
  expect(text).not.toContain('hunter2');
});

test('at another address the command line is told so', () => {
  expect(banner({ ...served, api: 'http://127.0.0.1:9000' })).toContain(
    './trino-gateway --url http://127.0.0.1:9000 list backends',
  );
});

test.each([
  ['no token', {}, undefined, undefined],
  ['a file', { TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN_FILE: "it's" }, 't', `"$(cat 'it'\\''s')"`],
  ['the configuration file', {}, 't', 'read -rs TRINO_GATEWAY_TOKEN; export'],
])('the token is had from where it was given: %s', (_name, env, token, expected) => {
  const command = tokenCommand({ env, token });
  if (expected === undefined) expect(command).toBeUndefined();
  else expect(command).toContain(expected);
});
