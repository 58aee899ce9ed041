import { expect, test } from '@jest/globals';
import { load, problems, variable } from '../tests/support/load.ts';
import { sections } from './index.ts';

const good: [string, string, string, unknown][] = [
  ['gatewayserver', 'listen', '127.0.0.1:9000', { host: '127.0.0.1', port: 9000 }],
  ['gatewayserver', 'listen', ':9000', { host: '0.0.0.0', port: 9000 }],
  ['gatewayserver', 'ops_listen', '[::1]:0', { host: '::1', port: 0 }],
  ['gatewayserver', 'database_url', 'sqlite::memory:', 'sqlite::memory:'],
  ['gatewayserver', 'database_url', 'postgres://u:p@db:5432/gateway', 'postgres://u:p@db:5432/gateway'],
  ['gatewayserver', 'database_url', 'mariadb://u@db/gateway', 'mariadb://u@db/gateway'],
  ['gatewayserver', 'database_pool_size', '25', 25],
  ['gatewayserver', 'database_time_limit', '250ms', 250],
  ['gatewayserver', 'migrate_at_start', 'false', false],
  ['gatewayserver', 'admin_token', 'letmein', 'letmein'],
  ['gatewayserver', 'secrets_key', `${'a'.repeat(32)}, ${'b'.repeat(40)}`, ['a'.repeat(32), 'b'.repeat(40)]],
  ['gatewayserver', 'queue_max_queued', '0', 0],
  ['gatewayserver', 'queue_max_bytes_per_user', '1000000', 1_000_000],
  ['gatewayserver', 'default_group', 'adhoc', 'adhoc'],
  ['gatewayserver', 'incarnation_retention', '1d', 86_400_000],
  ['gatewayserver', 'events_token', 'letter-box', 'letter-box'],
  ['gatewayserver', 'history_max_age', '400d', 34_560_000_000],
  ['gatewayserver', 'history_max_age', '0', 0],
  ['gatewayserver', 'history_max_count', '1000000', 1_000_000],
  ['monitor', 'gatewayserver_url', 'http://a:8000, http://b:8000/', ['http://a:8000', 'http://b:8000']],
  ['monitor', 'interval', '1.5s', 1_500],
  ['monitor', 'probation', '0s', 0],
  ['monitor', 'failures_before_unhealthy', '3', 3],
  [
    'router',
    'listen',
    '0.0.0.0:8080,[::]:8081',
    [
      { host: '0.0.0.0', port: 8080 },
      { host: '::', port: 8081 },
    ],
  ],
  ['router', 'external_url', 'https://trino.example', 'https://trino.example'],
  ['router', 'external_url', 'https://trino.example:443/data/trino/', 'https://trino.example/data/trino'],
  ['router', 'trusted_proxies', '10.0.0.0/8, fd00::/8,192.168.1.1', ['10.0.0.0/8', 'fd00::/8', '192.168.1.1']],
  ['router', 'trusted_proxies', '', []],
  ['router', 'explain_headers', 'true', true],
  ['router', 'history_backlog', '0', 0],
  ['router', 'history_text_while_waiting', 'true', true],
  ['router', 'log_level', 'debug', 'debug'],
  ['router', 'log_format', 'text', 'text'],
  ['router', 'access_log', '0.01', 0.01],
  ['router', 'access_log', '1', 1],
  ['router', 'auth_provider_url', 'https://auth.example/check?x=1', 'https://auth.example/check?x=1'],
  ['router', 'auth_cache_time', '0s', 0],
  ['router', 'auth_forward_credentials', 'true', true],
  ['router', 'ui', 'REDIRECT', 'REDIRECT'],
];

test.each(good)('%s.%s = "%s" is understood the same in a file and in the environment', (section, key, text, value) => {
  const fromFile = load({ yaml: `${section}:\n  ${key}: ${JSON.stringify(text)}\n` });
  const fromEnvironment = load({ env: { [variable(section, key)]: text } });
  expect((fromFile as unknown as Record<string, Record<string, unknown>>)[section]?.[key]).toEqual(value);
  expect(fromEnvironment).toEqual(fromFile);
});

test('YAML may give numbers, flags and comma lists in its own way', () => {
  const { gatewayserver, router } = load({
    yaml: `
gatewayserver: { database_pool_size: 4, open_reads: true }
router:
  listen: ['0.0.0.0:8080', '0.0.0.0:8081']
  trusted_proxies: [10.0.0.0/8]
  gatewayserver_url: [http://a:8000, http://b:8000]
`,
  });
  expect(gatewayserver).toMatchObject({ database_pool_size: 4, open_reads: true });
  expect(router.listen.map(({ port }) => port)).toEqual([8080, 8081]);
  expect(router).toMatchObject({
    trusted_proxies: ['10.0.0.0/8'],
    gatewayserver_url: ['http://a:8000', 'http://b:8000'],
  });
});

const bad: [string, string, unknown, string][] = [
  ['gatewayserver', 'listen', 'nowhere', 'expected an address such as 0.0.0.0:8080, got "nowhere"'],
  ['gatewayserver', 'listen', 8000, 'expected an address such as 0.0.0.0:8080, got 8000'],
  ['gatewayserver', 'listen', '0.0.0.0:70000', 'expected an address such as 0.0.0.0:8080, got "0.0.0.0:70000"'],
  ['gatewayserver', 'listen', ['0.0.0.0:1'], 'expected an address such as 0.0.0.0:8080, got ["0.0.0.0:1"]'],
  ['gatewayserver', 'database_pool_size', 0, 'expected a whole number from 1 to 1000, got 0'],
  ['gatewayserver', 'database_pool_size', 1.5, 'expected a whole number from 1 to 1000, got 1.5'],
  ['gatewayserver', 'database_pool_size', 'many', 'expected a whole number from 1 to 1000, got "many"'],
  ['gatewayserver', 'migrate_at_start', 'yes', 'expected true or false, got "yes"'],
  ['gatewayserver', 'migrate_at_start', 1, 'expected true or false, got 1'],
  [
    'gatewayserver',
    'default_group',
    'a b',
    'expected an id of letters, digits, dot, underscore and dash, 1 to 128 long, got "a b"',
  ],
  [
    'gatewayserver',
    'history_max_age',
    30,
    'expected a duration with a unit, such as 12h or 30d, up to 36500d, or 0, got 30',
  ],
  [
    'gatewayserver',
    'history_max_age',
    '40000d',
    'expected a duration with a unit, such as 12h or 30d, up to 36500d, or 0, got "40000d"',
  ],
  ['gatewayserver', 'history_max_count', -1, 'expected a whole number from 0 to 1000000000, got -1'],
  ['gatewayserver', 'log_level', 'loud', 'expected error, warn, info or debug, got "loud"'],
  ['monitor', 'log_format', 'xml', 'expected json or text, got "xml"'],
  ['router', 'access_log', 2, 'expected a number from 0 to 1, got 2'],
  ['router', 'access_log', '-1', 'expected a number from 0 to 1, got "-1"'],
  ['monitor', 'interval', 10, 'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, from 1ms to 24d, got 10'],
  [
    'monitor',
    'interval',
    '10',
    'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, from 1ms to 24d, got "10"',
  ],
  [
    'monitor',
    'interval',
    '0s',
    'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, from 1ms to 24d, got "0s"',
  ],
  [
    'monitor',
    'probation',
    '-1s',
    'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, up to 24d, got "-1s"',
  ],
  [
    'monitor',
    'probation',
    '30d',
    'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, up to 24d, got "30d"',
  ],
  [
    'monitor',
    'gatewayserver_url',
    'a:8000',
    'expected a comma list of URLs such as http://host:8000, without paths or users, got "a:8000"',
  ],
  [
    'monitor',
    'gatewayserver_url',
    '',
    'expected a comma list of URLs such as http://host:8000, without paths or users, got ""',
  ],
  [
    'monitor',
    'gatewayserver_url',
    'http://a/path',
    'expected a comma list of URLs such as http://host:8000, without paths or users, got "http://a/path"',
  ],
  ['router', 'listen', '', 'expected a comma list of addresses such as 0.0.0.0:8080, got ""'],
  [
    'router',
    'listen',
    '0.0.0.0:8080,x',
    'expected a comma list of addresses such as 0.0.0.0:8080, got "0.0.0.0:8080,x"',
  ],
  ['router', 'listen', { port: 1 }, 'expected a comma list of addresses such as 0.0.0.0:8080, got {"port":1}'],
  ...[
    ...[
      'trino.example',
      'ftp://trino.example',
      'https://a/x/../y',
      'https://a//x',
      'https://a/x y',
      'https://a/%2e%2e/x',
    ],
    ...['https://a/v1', 'https://a/ui/', 'https://a/x?y', 'https://a/x#y'],
  ].map((url): [string, string, unknown, string] => [
    'router',
    'external_url',
    url,
    `expected a URL such as https://host:8443 or https://host/trino, without a user or query; its path must not begin with /v1, /ui or /oauth2, got ${JSON.stringify(url)}`,
  ]),
  [
    'router',
    'trusted_proxies',
    '10.0.0.0/33',
    'expected a comma list of networks such as 10.0.0.0/8, got "10.0.0.0/33"',
  ],
  ['router', 'trusted_proxies', '10.0.0/8', 'expected a comma list of networks such as 10.0.0.0/8, got "10.0.0/8"'],
  ['router', 'state_file', '', 'expected text that is not empty, got ""'],
  [
    'gatewayserver',
    'secrets_key',
    `${'a'.repeat(32)},short`,
    'expected a key of at least 32 characters, or a comma list of such keys, got a value that is not shown',
  ],
  ['router', 'state_file', null, 'expected text, got null'],
  ['router', 'auth_provider_url', 'auth', 'expected an http or https URL without a user, got "auth"'],
  [
    'router',
    'auth_provider_url',
    'https://gw:secret@auth.example/check',
    'expected an http or https URL without a user, got "https://…@auth.example/check"',
  ],
  ['router', 'ui', 'proxy', 'expected PROXY, REDIRECT or OFF, got "proxy"'],
  [
    'router',
    'auth_cache_time',
    '5',
    'expected a duration with a unit, such as 250ms, 10s, 5m or 1h, up to 24d, got "5"',
  ],
];

test.each(bad)('%s.%s = %j stops the start and says what was expected', (section, key, value, message) => {
  expect(problems({ yaml: JSON.stringify({ [section]: { [key]: value } }) })).toEqual([
    `${section}.${key}: ${message}`,
  ]);
});

test('an unknown key names the known ones', () => {
  expect(problems({ yaml: 'monitor: { intervall: 10s }' })).toEqual([
    `monitor.intervall: unknown key; known are ${Object.keys(sections.monitor.shape).join(', ')}`,
  ]);
});
