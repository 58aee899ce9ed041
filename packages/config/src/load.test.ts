import { describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig, SECRET_KEYS, type SuiteConfig, sections } from './index.ts';

type Given = {
  yaml?: string;
  env?: Record<string, string>;
  secrets?: Record<string, string>;
  starts?: keyof typeof sections;
};

function load({ yaml, env = {}, secrets = {}, starts }: Given): SuiteConfig {
  return loadConfig({
    file: yaml === undefined ? undefined : { name: 'suite.yaml', text: yaml },
    env,
    starts,
    readSecret: (path) => {
      const text = secrets[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    },
  });
}

function problems(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const variable = (section: string, key: string) => `TRINO_GATEWAY_${section.toUpperCase()}_${key.toUpperCase()}`;

describe('defaults', () => {
  test('a suite without a file and without environment starts with the documented defaults', () => {
    expect(load({})).toEqual({
      gatewayserver: {
        listen: { host: '0.0.0.0', port: 8000 },
        ops_listen: { host: '0.0.0.0', port: 8001 },
        database_url: 'sqlite:./data/gateway.db',
        database_pool_size: 10,
        database_time_limit: 10_000,
        migrate_at_start: true,
        allow_open: false,
        open_reads: false,
        load_max_age: 60_000,
        metadata_never_waits: false,
        queue_client_timeout: 300_000,
        queue_max_queued: 15_000,
        queue_max_queued_per_group: 10_000,
        queue_max_queued_per_user: 1_000,
        queue_max_bytes: 268_435_456,
        queue_max_bytes_per_group: 67_108_864,
        queue_max_bytes_per_user: 33_554_432,
        incarnation_retention: 172_800_000,
        history_max_age: 7_776_000_000,
        history_max_count: 0,
        log_level: 'info',
      },
      monitor: {
        gatewayserver_url: ['http://127.0.0.1:8000'],
        ops_listen: { host: '0.0.0.0', port: 8002 },
        interval: 10_000,
        probe_time_limit: 10_000,
        failures_before_unhealthy: 2,
        passes_before_healthy: 1,
        probation: 5_000,
        log_level: 'info',
      },
      router: {
        listen: [{ host: '0.0.0.0', port: 8080 }],
        ops_listen: { host: '0.0.0.0', port: 8003 },
        gatewayserver_url: ['http://127.0.0.1:8000'],
        trusted_proxies: [],
        explain_headers: false,
        state_file: './data/router-state.json',
        gatewayserver_wait: 10_000,
        submit_time_limit: 25_000,
        attempt_time_limit: 8_000,
        poll_time_limit: 60_000,
        max_connections: 0,
        max_connections_per_client: 0,
        max_requests: 0,
        max_requests_per_client: 0,
        max_requests_per_backend: 0,
        max_statement_bytes: 16_777_216,
        max_statement_bytes_under_way: 0,
        history_backlog: 20_000,
        history_text_while_waiting: false,
        auth_provider_time_limit: 5_000,
        auth_cache_time: 300_000,
        auth_forward_credentials: false,
        ui: 'PROXY',
        log_level: 'info',
      },
      declared: { backends: [], groups: [], policies: [] },
    });
  });

  test('an empty file is no file', () => {
    expect(load({ yaml: '# nothing yet\n' })).toEqual(load({}));
    expect(load({ yaml: 'router:\nmonitor:\n' })).toEqual(load({}));
  });

  test('every key has a description, which is what the documentation shows', () => {
    for (const [name, section] of Object.entries(sections))
      for (const [key, field] of Object.entries(section.shape))
        expect([name, key, field.description]).toEqual([name, key, expect.stringMatching(/^.{10,}\.$/)]);
  });
});

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
  ['router', 'trusted_proxies', '10.0.0.0/8, fd00::/8,192.168.1.1', ['10.0.0.0/8', 'fd00::/8', '192.168.1.1']],
  ['router', 'trusted_proxies', '', []],
  ['router', 'explain_headers', 'true', true],
  ['router', 'history_backlog', '0', 0],
  ['router', 'history_text_while_waiting', 'true', true],
  ['router', 'log_level', 'debug', 'debug'],
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
  [
    'router',
    'external_url',
    'trino.example',
    'expected a URL such as http://host:8000, without a path or user, got "trino.example"',
  ],
  [
    'router',
    'external_url',
    'ftp://trino.example',
    'expected a URL such as http://host:8000, without a path or user, got "ftp://trino.example"',
  ],
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

test('a bad value from the environment is reported under the name of its variable', () => {
  expect(problems({ env: { TRINO_GATEWAY_MONITOR_INTERVAL: 'soon' } })).toEqual([
    'TRINO_GATEWAY_MONITOR_INTERVAL: expected a duration with a unit, such as 250ms, 10s, 5m or 1h, from 1ms to 24d, got "soon"',
  ]);
});

test('several mistakes in several sections are all reported at once', () => {
  const found = problems({
    yaml: `
gatewayserver: { listen: x, speed: 9, turbo: 1 }
monitor: { interval: 10 }
router: nothing
riders: {}
toString: {}
groups: [{ id: g, backend_ids: [ghost] }]
`,
    env: { TRINO_GATEWAY_ROUTER_LISTEN: 'y', TRINO_GATEWAY_ROUTER_LISTNE: '0.0.0.0:1' },
  });
  expect(found.map((one) => one.split(':', 1)[0])).toEqual([
    'riders',
    'toString',
    'TRINO_GATEWAY_ROUTER_LISTNE',
    'gatewayserver.listen',
    'gatewayserver.speed',
    'gatewayserver.turbo',
    'monitor.interval',
    'router',
    'TRINO_GATEWAY_ROUTER_LISTEN',
    'groups[0].backend_ids',
  ]);
});

test('the message of the error lists every problem on a line of its own', () => {
  const one = new ConfigError(['a: wrong']);
  const two = new ConfigError(['a: wrong', 'b: worse']);
  expect(one.message).toBe('the configuration has 1 problem:\n  a: wrong');
  expect(two.message).toBe('the configuration has 2 problems:\n  a: wrong\n  b: worse');
});

test('an unknown key names the known ones', () => {
  expect(problems({ yaml: 'monitor: { intervall: 10s }' })).toEqual([
    `monitor.intervall: unknown key; known are ${Object.keys(sections.monitor.shape).join(', ')}`,
  ]);
});

test('Kubernetes Service links in the environment are not mistaken for settings', () => {
  const env = {
    TRINO_GATEWAY_ROUTER_SERVICE_HOST: '10.0.0.1',
    TRINO_GATEWAY_ROUTER_SERVICE_PORT: '8080',
    TRINO_GATEWAY_ROUTER_SERVICE_PORT_TRINO: '8080',
    TRINO_GATEWAY_ROUTER_PORT: 'tcp://10.0.0.1:8080',
    TRINO_GATEWAY_ROUTER_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    TRINO_GATEWAY_ROUTER_PORT_8080_TCP_ADDR: '10.0.0.1',
  };
  expect(load({ env })).toEqual(load({}));
});

test('the environment beats the file', () => {
  const { router } = load({
    yaml: 'router: { listen: "0.0.0.0:1", state_file: a.json }',
    env: { TRINO_GATEWAY_ROUTER_LISTEN: '0.0.0.0:2' },
  });
  expect(router).toMatchObject({ listen: [{ host: '0.0.0.0', port: 2 }], state_file: 'a.json' });
});

test.each([
  ['a list', '- router\n', 'suite.yaml: expected sections such as gatewayserver, monitor and router'],
  ['a text', 'router\n', 'suite.yaml: expected sections such as gatewayserver, monitor and router'],
  ['a repeated key', 'router: {}\nrouter: {}\n', 'suite.yaml: not YAML: Map keys must be unique at line 2, column 1'],
])('a file that is %s is refused by name', (_what, yaml, message) => {
  expect(problems({ yaml })).toEqual([message]);
});

test('broken YAML is refused with its place and without the text around it, which may be a secret', () => {
  for (const yaml of [
    'gatewayserver:\n  admin_token: "hunter2\n',
    'gatewayserver:\n  admin_token: |hunter2\n',
    'gatewayserver:\n  admin_token: *hunter2\n',
    'gatewayserver:\n  admin_token: a: hunter2\n',
    'gatewayserver:\n  admin_token: "x" hunter2\n',
    'gatewayserver:\n  admin_token: [hunter2\n',
  ]) {
    const found = problems({ yaml });
    expect(found[0]).toMatch(/^suite\.yaml: not YAML: .{5,}/);
    expect(found.join('\n')).not.toContain('hunter2');
  }
});

describe('secrets', () => {
  test.each([
    ['gatewayserver', 'admin_token'],
    ['gatewayserver', 'read_token'],
    ['gatewayserver', 'events_token'],
    ['monitor', 'gatewayserver_token'],
    ['router', 'gatewayserver_token'],
    ['router', 'auth_provider_key'],
  ] as const)('%s.%s may stand in a file of its own, whose first line counts', (section, key) => {
    const secrets = { '/run/secret': 'hunter2\nsecond line\n' };
    for (const config of [
      load({ secrets, yaml: `${section}: { ${key}_file: /run/secret }` }),
      load({ secrets, env: { [`${variable(section, key)}_FILE`]: '/run/secret' } }),
    ])
      expect(config[section]).toMatchObject({ [key]: 'hunter2' });
  });

  test('a database URL may stand in a file of its own', () => {
    const config = load({
      secrets: { '/run/url': 'mysql://u:hunter2@db/gateway\r\n' },
      env: { TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL_FILE: '/run/url' },
    });
    expect(config.gatewayserver.database_url).toBe('mysql://u:hunter2@db/gateway');
  });

  test('a file that cannot be read is named together with the setting', () => {
    expect(problems({ yaml: 'gatewayserver: { admin_token_file: /nowhere }' })).toEqual([
      'gatewayserver.admin_token_file: expected a readable file, got "/nowhere"',
    ]);
    expect(problems({ env: { TRINO_GATEWAY_ROUTER_GATEWAYSERVER_TOKEN_FILE: '/nowhere' } })).toEqual([
      'TRINO_GATEWAY_ROUTER_GATEWAYSERVER_TOKEN_FILE: expected a readable file, got "/nowhere"',
    ]);
  });

  test('an empty secret is an error, else a lost token would leave everything open', () => {
    const expected = 'expected text that is not empty, got a value that is not shown';
    expect(problems({ env: { TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN: '' } })).toEqual([
      `TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN: ${expected}`,
    ]);
    expect(
      problems({ secrets: { '/run/empty': '\n' }, yaml: 'gatewayserver: { admin_token_file: /run/empty }' }),
    ).toEqual([`gatewayserver.admin_token_file: ${expected}`]);
  });

  test('a secret given twice in one place is refused, and the environment still beats the file', () => {
    const secrets = { '/run/secret': 'from-file' };
    expect(problems({ secrets, yaml: 'gatewayserver: { admin_token: a, admin_token_file: /run/secret }' })).toEqual([
      'gatewayserver.admin_token_file: expected either this or gatewayserver.admin_token, not both',
    ]);
    const name = 'TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN';
    expect(problems({ secrets, env: { [name]: 'a', [`${name}_FILE`]: '/run/secret' } })).toEqual([
      `${name}_FILE: expected either this or ${name}, not both`,
    ]);
    const config = load({
      secrets,
      yaml: 'gatewayserver: { admin_token: a }',
      env: { [`${name}_FILE`]: '/run/secret' },
    });
    expect(config.gatewayserver.admin_token).toBe('from-file');
  });

  test('only secrets may be given as a file', () => {
    expect(problems({ env: { TRINO_GATEWAY_ROUTER_LISTEN_FILE: '/run/x' } })).toEqual([
      'TRINO_GATEWAY_ROUTER_LISTEN_FILE: unknown variable; docs/configuration.md lists them all',
    ]);
    expect(problems({ yaml: 'router: { listen_file: /run/x }' })[0]).toMatch(/^router\.listen_file: unknown key; /);
  });

  test('no secret is ever shown, whatever is wrong with it', () => {
    const yaml = JSON.stringify(
      Object.fromEntries(
        Object.entries(sections).map(([name, { shape }]) => [
          name,
          Object.fromEntries(SECRET_KEYS.filter((key) => key in shape).map((key) => [key, { secret: 'hunter2' }])),
        ]),
      ),
    );
    const found = problems({ yaml, env: { TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: 'mysql:/u:hunter2@db' } });
    expect(found).toHaveLength(8);
    for (const one of found) expect(one).toMatch(/: expected .*, got a value that is not shown$/);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  test('a user and password inside an ordinary URL are refused without being shown', () => {
    expect(problems({ yaml: 'router: { gatewayserver_url: "http://u:hunter2@a:8000" }' })).toEqual([
      'router.gatewayserver_url: expected a comma list of URLs such as http://host:8000, without paths or users, got "http://…@a:8000"',
    ]);
  });
});

describe('an API without a token', () => {
  const open = (keys: string): readonly string[] =>
    problems({ yaml: `gatewayserver: { ${keys} }`, starts: 'gatewayserver' });
  const refusal = (path: string, address: string) =>
    `${path}: expected gatewayserver.admin_token beside it, or gatewayserver.allow_open: true, or an address such as 127.0.0.1:8000, got "${address}" without a token`;

  test('is served to this machine alone: any other address stops the start, and says what to do', () => {
    expect(problems({ starts: 'gatewayserver' })).toEqual([refusal('gatewayserver.listen', '0.0.0.0:8000')]);
    expect(open('listen: "10.1.2.3:80"')).toEqual([refusal('gatewayserver.listen', '10.1.2.3:80')]);
    expect(open('listen: "[::]:8000"')).toEqual([refusal('gatewayserver.listen', '[::]:8000')]);
    expect(open('listen: "gateway.example:8000"')).toEqual([refusal('gatewayserver.listen', 'gateway.example:8000')]);
    expect(problems({ env: { [variable('gatewayserver', 'listen')]: ':1' }, starts: 'gatewayserver' })).toEqual([
      refusal('TRINO_GATEWAY_GATEWAYSERVER_LISTEN', '0.0.0.0:1'),
    ]);
  });

  test.each(['127.0.0.1:8000', '127.9.9.9:0', '[::1]:8000', '[::ffff:127.0.0.1]:8000', 'localhost:8000'])(
    '%s is this machine',
    (listen) => {
      expect(open(`listen: "${listen}"`)).toEqual([]);
    },
  );

  test('is served to others when there is a token, or when somebody says that it is meant', () => {
    expect(open('admin_token: letmein')).toEqual([]);
    expect(open('allow_open: true')).toEqual([]);
    expect(open('open_reads: true')).toHaveLength(1);
    expect(open('events_token: letter-box')).toHaveLength(1);
  });

  test('is no matter of the other processes, whose environment has no token for it', () => {
    expect(problems({ starts: 'router' })).toEqual([]);
    expect(problems({ starts: 'monitor' })).toEqual([]);
    expect(problems({})).toEqual([]);
  });

  test('is told beside every other problem', () => {
    expect(problems({ yaml: 'router: { ui: SOME }', starts: 'gatewayserver' })).toHaveLength(2);
  });

  test('is not protected by a read token, which would say otherwise', () => {
    expect(open('listen: "127.0.0.1:8000", read_token: look')).toEqual([
      'gatewayserver.read_token: expected gatewayserver.admin_token beside it, for without that every call is open',
    ]);
  });
});

test('YAML that multiplies itself or is nested without end is a problem of the file, told at once', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [one, other] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'])
    bomb.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(', ')}]`);
  expect(problems({ yaml: bomb.join('\n') })).toEqual([expect.stringMatching(/^suite\.yaml: not YAML: /)]);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const told = problems({ yaml: `backends: ${deep}` });
  expect(told).toEqual(told.map(() => expect.stringMatching(/^suite\.yaml: not YAML: /)));
  expect(told.length).toBeGreaterThan(0);
});
