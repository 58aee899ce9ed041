import { describe, expect, test } from '@jest/globals';
import { load, problems } from '../tests/support/load.ts';
import { ConfigError, sections } from './index.ts';

describe('defaults', () => {
  test('a suite without a file and without environment starts with the documented defaults', () => {
    expect(load({})).toEqual({
      doubts: [],
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
        outage_wait: 5_000,
        drain_client_timeout: 300_000,
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
        log_format: 'json',
      },
      monitor: {
        gatewayserver_url: ['http://127.0.0.1:8000'],
        ops_listen: { host: '0.0.0.0', port: 8002 },
        interval: 10_000,
        probe_time_limit: 10_000,
        failures_before_unhealthy: 2,
        passes_before_healthy: 1,
        probation: 5_000,
        scaling_interval: 1_000,
        discovery: false,
        discovery_kinds: ['Service'],
        discovery_label: 'trino-gateway.io/backend=true',
        log_level: 'info',
        log_format: 'json',
      },
      router: {
        listen: [{ host: '0.0.0.0', port: 8080 }],
        ops_listen: { host: '0.0.0.0', port: 8003 },
        gatewayserver_url: ['http://127.0.0.1:8000'],
        trusted_proxies: [],
        explain_headers: false,
        fast_path: true,
        workers: 1,
        state_file: './data/router-state.json',
        gatewayserver_wait: 10_000,
        submit_time_limit: 25_000,
        attempt_time_limit: 8_000,
        connect_time_limit: 5_000,
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
        access_log: 0,
        access_log_per_second: 1_000,
        log_level: 'info',
        log_format: 'json',
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

test('all problems of all sections are reported at once', () => {
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

test.each([
  ['a list', '- router\n', 'suite.yaml: expected sections such as gatewayserver, monitor and router'],
  ['a text', 'router\n', 'suite.yaml: expected sections such as gatewayserver, monitor and router'],
  ['a repeated key', 'router: {}\nrouter: {}\n', 'suite.yaml: not YAML: Map keys must be unique at line 2, column 1'],
])('a file that is %s is refused by name', (_what, yaml, message) => {
  expect(problems({ yaml })).toEqual([message]);
});

test('broken YAML is refused with its position and without the text around it, which may be a secret', () => {
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

test('YAML that multiplies itself or is nested too deeply is reported as a problem of the file', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [one, other] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'])
    bomb.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(', ')}]`);
  expect(problems({ yaml: bomb.join('\n') })).toEqual([expect.stringMatching(/^suite\.yaml: not YAML: /)]);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const found = problems({ yaml: `backends: ${deep}` });
  expect(found).toEqual(found.map(() => expect.stringMatching(/^suite\.yaml: not YAML: /)));
  expect(found.length).toBeGreaterThan(0);
});
