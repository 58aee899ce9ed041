import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { tlsFileProblems } from '@trino-gateway/runtime/tls-files';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { load, problems } from '../tests/support/load.ts';
import { type ConfigError, loadConfig, type sections } from './index.ts';

const authority = createCertificateAuthority();
const own = authority.issue(['127.0.0.1']);
const folder = mkdtempSync(join(tmpdir(), 'config-tls-'));
const put = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ca = put('ca.pem', authority.cert);
const cert = put('own.pem', own.cert);
const key = put('own.key', own.key);
afterAll(() => rmSync(folder, { recursive: true }));

describe('keys without those that they need are refused, all at once', () => {
  test.each<[string, string, string[]]>([
    [
      'a certificate without its key',
      'gatewayserver: { tls_cert_file: c }',
      ['gatewayserver.tls_cert_file: expected gatewayserver.tls_key_file beside it'],
    ],
    [
      'a key without its certificate',
      'router: { gatewayserver_key_file: k }',
      ['router.gatewayserver_key_file: expected router.gatewayserver_cert_file beside it'],
    ],
    [
      'listeners of a router without files',
      'router: { tls_listen: ":8443" }',
      ['router.tls_listen: expected router.tls_cert_file beside it'],
    ],
    [
      'files of a router without listeners',
      'router: { tls_cert_file: c, tls_key_file: k }',
      [
        'router.tls_cert_file: expected router.tls_listen beside it',
        'router.tls_key_file: expected router.tls_listen beside it',
      ],
    ],
    [
      'authorities of clients without TLS',
      'gatewayserver: { tls_client_ca_file: a }\nmonitor: { gatewayserver_cert_file: c }',
      [
        'gatewayserver.tls_client_ca_file: expected gatewayserver.tls_cert_file beside it',
        'monitor.gatewayserver_cert_file: expected monitor.gatewayserver_key_file beside it',
      ],
    ],
    [
      'TLS to a file',
      'gatewayserver: { database_ca_file: a }',
      ['gatewayserver.database_ca_file: expected the URL of a database server in gatewayserver.database_url'],
    ],
    [
      'TLS to a database that the URL switches off',
      'gatewayserver: { database_ca_file: a, database_url: "mysql://h/d?sslmode=disable" }',
      ['gatewayserver.database_url: expected no sslmode=disable beside gatewayserver.database_ca_file or _cert_file'],
    ],
    [
      'two authorities',
      'gatewayserver: { database_ca_file: a, database_url: "mysql://h/d?sslmode=require&sslrootcert=b" }',
      ['gatewayserver.database_ca_file: expected either this or sslrootcert in gatewayserver.database_url, not both'],
    ],
  ])('%s', (_, yaml, expected) => {
    expect(problems({ yaml })).toEqual(expected);
  });

  test.each([
    'ssl=true',
    'ssl={"rejectUnauthorized":false}',
    'sslmode=no-verify',
    'sslmode=prefer',
    'sslmode=',
    'sslcert=c',
    'tls=true',
    'sslmode=disable&sslrootcert=c',
  ])('a database URL that says %s', (parameter) => {
    const yaml = `gatewayserver: { database_url: ${JSON.stringify(`postgres://u:secret@h/d?${parameter}`)} }`;
    expect(problems({ yaml })).toEqual([
      expect.stringMatching(/^gatewayserver.database_url: expected other parameters: /),
    ]);
    expect(problems({ yaml }).join()).not.toContain('secret');
  });

  test.each([
    'sslmode=require',
    'sslmode=verify-full',
    'sslmode=disable',
    'sslrootcert=/ca.pem',
    'sslmode=verify-full&sslrootcert=/ca.pem',
  ])('but not one that says %s', (parameter) => {
    expect(problems({ yaml: `gatewayserver: { database_url: "postgres://u@h/d?${parameter}" }` })).toEqual([]);
  });
});

test('an environment that would switch verification off is refused', () => {
  const set = (value: string) => problems({ env: { NODE_TLS_REJECT_UNAUTHORIZED: value } });
  expect(set('0')).toEqual([expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED: expected it unset/)]);
  expect([set('1'), set('')]).toEqual([[], []]);
});

describe('files are looked at by the process that reads them alone', () => {
  const starting = (starts: keyof typeof sections, yaml: string) => {
    try {
      loadConfig({ file: { name: 'f.yaml', text: yaml }, env: {}, readSecret: () => '', starts, tlsFileProblems });
      return [];
    } catch (error) {
      return (error as ConfigError).problems;
    }
  };
  const bad = `gatewayserver: { listen: "127.0.0.1:0", tls_cert_file: ${ca}, tls_key_file: ${key}, tls_client_ca_file: ${key} }
monitor: { gatewayserver_ca_file: ${folder}/none.pem }
router: { gatewayserver_ca_file: ${folder} }`;

  test('with every problem', () => {
    expect(starting('gatewayserver', bad)).toEqual([
      `gatewayserver.tls_client_ca_file: ${key} holds no PEM certificate`,
    ]);
    expect(starting('monitor', bad)).toEqual([
      `monitor.gatewayserver_ca_file: ${folder}/none.pem cannot be read (ENOENT)`,
    ]);
    const unfit = `router: { tls_listen: "127.0.0.1:0", tls_cert_file: ${ca}, tls_key_file: ${key} }`;
    expect(starting('router', unfit)).toEqual([
      `router.tls_key_file: ${key} is not the key of the certificate in router.tls_cert_file`,
    ]);
    expect(starting('router', bad)).toEqual([`router.gatewayserver_ca_file: ${folder} is no regular file`]);
    const misfit = `gatewayserver: { listen: "127.0.0.1:0", tls_cert_file: ${ca}, tls_key_file: ${key} }`;
    expect(starting('gatewayserver', misfit)).toEqual([
      `gatewayserver.tls_key_file: ${key} is not the key of the certificate in gatewayserver.tls_cert_file`,
    ]);
  });

  test('and are well when they are', () => {
    const good = `gatewayserver: { listen: "127.0.0.1:0", tls_cert_file: ${cert}, tls_key_file: ${key}, tls_client_ca_file: ${ca} }`;
    expect(starting('gatewayserver', good)).toEqual([]);
  });
});

describe('what does not fit together is doubted', () => {
  const doubts = (yaml: string) => load({ yaml }).doubts;
  const api = 'gatewayserver: { listen: "0.0.0.0:8000", tls_cert_file: c, tls_key_file: k';

  test.each<[string, string, RegExp[]]>([
    [
      'files for http URLs',
      'router: { gatewayserver_ca_file: a }',
      [/^router.gatewayserver_ca_file: expected an https URL in router.gatewayserver_url/],
    ],
    [
      'a URL without TLS to a port that speaks it',
      `${api} }\nmonitor: { interval: 5s }`,
      [/^monitor.gatewayserver_url: expected https, .*got "http:\/\/127.0.0.1:8000"/],
    ],
    [
      'no certificate for a port that demands one',
      `${api}, tls_client_ca_file: a }\nrouter: { gatewayserver_url: "https://localhost:8000" }`,
      [/^router.gatewayserver_url: expected router.gatewayserver_cert_file beside it/],
    ],
    ['mixed schemes are not', 'router: { gatewayserver_ca_file: a, gatewayserver_url: "http://a:1,https://b:2" }', []],
    [
      'nor what fits',
      `${api} }\nrouter: { gatewayserver_ca_file: a, gatewayserver_url: "https://127.0.0.1:8000" }`,
      [],
    ],
  ])('%s', (_, yaml, expected) => {
    expect(doubts(yaml)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });
});
