import { describe, expect, test } from '@jest/globals';
import { load, problems, variable } from '../tests/support/load.ts';
import { SECRET_KEYS, sections } from './index.ts';

describe('secrets', () => {
  test.each([
    ['gatewayserver', 'admin_token'],
    ['gatewayserver', 'read_token'],
    ['gatewayserver', 'events_token'],
    ['monitor', 'gatewayserver_token'],
    ['monitor', 'webhook_key'],
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

  test('a secret and its file together are refused, and the environment still beats the configuration file', () => {
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
    expect(found).toHaveLength(9);
    for (const one of found) expect(one).toMatch(/: expected .*, got a value that is not shown$/);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  test('a user and password inside an ordinary URL are refused without being shown', () => {
    expect(problems({ yaml: 'router: { gatewayserver_url: "http://u:hunter2@a:8000" }' })).toEqual([
      'router.gatewayserver_url: expected a comma list of URLs such as http://host:8000, without paths or users, got "http://…@a:8000"',
    ]);
  });
});
