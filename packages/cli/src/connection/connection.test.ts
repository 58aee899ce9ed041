import { describe, expect, test } from '@jest/globals';
import type { Terminal } from '../terminal/terminal.ts';
import { type ConnectionOptions, readConnection } from './connection.ts';

function read(
  options: Partial<ConnectionOptions>,
  env: Record<string, string> = {},
  files: Record<string, string> = {},
) {
  const terminal: Terminal = {
    out: () => {},
    err: () => {},
    columns: undefined,
    screen: undefined,
    env,
    read: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(), { code: 'ENOENT' });
      return text;
    },
  };
  return readConnection({ timeout: '10s', ...options }, terminal);
}

test('without options and environment it is the default address, without a token', async () => {
  expect(await read({})).toEqual({ urls: ['http://127.0.0.1:8000'], token: undefined, timeLimitMs: 10_000 });
});

test('options win over the environment', async () => {
  const env = { TRINO_GATEWAY_URL: 'http://env:1', TRINO_GATEWAY_TOKEN: 'from-env' };
  expect(await read({}, env)).toMatchObject({ urls: ['http://env:1'], token: 'from-env' });
  expect(await read({ url: 'https://option', token: 'from-option', timeout: '2m' }, env)).toEqual({
    urls: ['https://option'],
    token: 'from-option',
    timeLimitMs: 120_000,
  });
  expect(await read({ tokenFile: 'f' }, env, { f: 'from-file\nsecond line\n' })).toMatchObject({ token: 'from-file' });
});

test('an empty variable is none', async () => {
  expect(await read({}, { TRINO_GATEWAY_URL: '', TRINO_GATEWAY_TOKEN: '' })).toMatchObject({
    urls: ['http://127.0.0.1:8000'],
    token: undefined,
  });
});

test('several addresses are replicas', async () => {
  expect(await read({ url: 'http://a:1, http://b:2/' })).toMatchObject({ urls: ['http://a:1', 'http://b:2'] });
});

describe('errors name the setting, and repeat no secret', () => {
  const cases: [string, Partial<ConnectionOptions>, Record<string, string>, RegExp][] = [
    ['no URL', { url: 'gateway' }, {}, /^--url: expected a URL such as/],
    ['a path', { url: 'http://a/b' }, {}, /^--url: /],
    ['a password in the URL', { url: 'http://u:hunter2@a' }, {}, /^--url: expected a URL .* without a path or user$/],
    ['a bad variable', {}, { TRINO_GATEWAY_URL: 'ftp://a' }, /^TRINO_GATEWAY_URL: /],
    ['two tokens', { token: 'hunter2', tokenFile: 'f' }, {}, /^--token: expected either this or --token-file/],
    ['an empty file', { tokenFile: 'empty' }, {}, /^--token-file: expected a secret on the first line of "empty"$/],
    ['a token of two lines', { token: 'hunter2\nx' }, {}, /^--token: expected printable characters/],
    ['such a variable', {}, { TRINO_GATEWAY_TOKEN: 'hunter2 é' }, /^TRINO_GATEWAY_TOKEN: expected printable/],
    ['a certificate without its key', { certFile: 'c' }, {}, /^--cert-file: expected --key-file beside it$/],
    [
      'a key without its certificate',
      {},
      { TRINO_GATEWAY_KEY_FILE: 'k' },
      /^TRINO_GATEWAY_KEY_FILE: expected --cert-file/,
    ],
    [
      'no such authority',
      { caFile: '/nowhere/ca.pem' },
      {},
      /^--ca-file: \/nowhere\/ca.pem cannot be read \(ENOENT\)$/,
    ],
    [
      'verification switched off',
      {},
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      /^NODE_TLS_REJECT_UNAUTHORIZED: expected it unset/,
    ],
    ['no time', { timeout: '0s' }, {}, /^--timeout: /],
    ['too long a time', { timeout: '2h' }, {}, /^--timeout: /],
  ];
  test.each(cases)('%s', async (_what, options, env, expected) => {
    const failure = await read(options, env, { empty: '\n' }).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(expected);
    expect(failure).not.toContain('hunter2');
  });
});
