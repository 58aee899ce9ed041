import { describe, expect, test } from '@jest/globals';
import { VERSION } from '@trino-gateway/runtime/version';
import { runCommand } from '../tests/support/command-line.ts';

const NOWHERE = ['--url', 'http://127.0.0.1:1'];

describe('wrong usage ends with 2, on standard error, before anything is sent', () => {
  const cases: [string[], string][] = [
    [['frobnicate'], 'unknown command'],
    [[], 'Usage:'],
    [['get'], 'Usage:'],
    [['get', 'cluster', 'x'], 'unknown command'],
    [['get', 'backend'], "missing required argument 'id'"],
    [['list', 'groups', '--colour', 'red'], "unknown option '--colour'"],
    [['delete', 'query', 'x'], 'Allowed choices are backend, group, policy'],
    [['delete', 'backend'], "missing required argument 'id'"],
    [['drain'], "missing required argument 'backend'"],
    [['apply'], "required option '-f, --file <file...>' not specified"],
    [['apply', '-f', 'absent.yaml'], '--file: expected a readable file, got "absent.yaml" (ENOENT)'],
    [['list', 'backends', '-o', 'xml'], 'Allowed choices are table, json, yaml'],
    [['list', 'backends', '--url', 'gateway:8000'], '--url: expected a URL'],
    [['list', 'backends', '--timeout', '10'], '--timeout: expected a duration from 1ms to 1h'],
    [['list', 'backends', '--token-file', 'absent'], '--token-file: expected a readable file, got "absent" (ENOENT)'],
    [['list', 'queries', '--state', 'DONE'], '--state: expected QUEUED, RUNNING'],
    [['queries', '--limit', '0'], '--limit: expected 1 to'],
    [['queries', '--after', 'yesterday'], '--after: expected a time'],
    [['decide', '--port', '99999'], '--port: expected 1 to 65535'],
    [['decide', '-H', 'no colon'], "--header: expected 'Name: value'"],
    [['cancel'], "missing required argument 'query'"],
    [['import', 'razorpay'], 'expected either --from-url or --mysql-url'],
    [['import', 'razorpay', '--from-url', 'http://a', '--mysql-url', 'mysql://b/c'], 'expected either'],
    [['import', 'razorpay', '--mysql-url', 'mysql://host'], '--mysql-url: expected mysql://user@host:3306/database'],
    [['import', 'razorpay', '--mysql-url', 'mysql://u@h/d?ssl=1'], '--mysql-url: unknown parameter ssl'],
    [['import', 'razorpay', '--from-url', 'http://a', '--forwarding', 'magic'], 'Allowed choices are proxy, direct'],
    [
      ['import', 'razorpay', '--from-url', 'http://a', '--time-zone', 'Mars'],
      '--time-zone: expected an IANA time zone',
    ],
    [['import', 'razorpay', '--from-url', 'http://a', '--dry-run', '--write'], 'cannot be used with'],
  ];
  test.each(cases)('%j', async (argv, expected) => {
    const { code, out, err } = await runCommand([...NOWHERE, ...argv]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(expected);
  });
});

test.each([[['--help']], [['list', 'queries', '--help']], [['import', 'razorpay', '--help']]])(
  'help is an answer: %j',
  async (argv) => {
    const { code, out, err } = await runCommand(argv);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Usage: trino-gateway');
  },
);

test('an address that does not answer ends with 1 and one line that says what to do', async () => {
  for (const argv of [['list', 'backends'], ['get', 'query', 'q'], ['cancel', 'q'], ['drain', 'a', 'b'], ['decide']]) {
    const { code, out, err } = await runCommand([...NOWHERE, ...argv]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'cannot reach the gatewayserver at http://127.0.0.1:1 (ECONNREFUSED): is it running, and is --url or TRINO_GATEWAY_URL right?',
    );
  }
});

test('--version prints the version, and asks nobody', async () => {
  expect(await runCommand([...NOWHERE, '--version'])).toMatchObject({
    code: 0,
    out: `trino-gateway ${VERSION}`,
    err: '',
  });
});
