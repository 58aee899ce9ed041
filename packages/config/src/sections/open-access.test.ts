import { describe, expect, test } from '@jest/globals';
import { problems, variable } from '../../tests/support/load.ts';

describe('an API without a token', () => {
  const open = (keys: string): readonly string[] =>
    problems({ yaml: `gatewayserver: { ${keys} }`, starts: 'gatewayserver' });
  const refusal = (path: string, address: string) =>
    `${path}: expected gatewayserver.admin_token beside it, or gatewayserver.allow_open: true, or an address such as 127.0.0.1:8000, got "${address}" without a token`;

  test('is served on loopback addresses only: any other one stops the start, and the problem says what to do', () => {
    expect(problems({ starts: 'gatewayserver' })).toEqual([refusal('gatewayserver.listen', '0.0.0.0:8000')]);
    expect(open('listen: "10.1.2.3:80"')).toEqual([refusal('gatewayserver.listen', '10.1.2.3:80')]);
    expect(open('listen: "[::]:8000"')).toEqual([refusal('gatewayserver.listen', '[::]:8000')]);
    expect(open('listen: "gateway.example:8000"')).toEqual([refusal('gatewayserver.listen', 'gateway.example:8000')]);
    expect(problems({ env: { [variable('gatewayserver', 'listen')]: ':1' }, starts: 'gatewayserver' })).toEqual([
      refusal('TRINO_GATEWAY_GATEWAYSERVER_LISTEN', '0.0.0.0:1'),
    ]);
  });

  test.each(['127.0.0.1:8000', '127.9.9.9:0', '[::1]:8000', '[::ffff:127.0.0.1]:8000', 'localhost:8000'])(
    '%s is a loopback address',
    (listen) => {
      expect(open(`listen: "${listen}"`)).toEqual([]);
    },
  );

  test('is served on any address with a token, or with allow_open', () => {
    expect(open('admin_token: letmein')).toEqual([]);
    expect(open('allow_open: true')).toEqual([]);
    expect(open('open_reads: true')).toHaveLength(1);
    expect(open('events_token: letter-box')).toHaveLength(1);
  });

  test('is not checked when another process starts, whose environment need not hold the token', () => {
    expect(problems({ starts: 'router' })).toEqual([]);
    expect(problems({ starts: 'monitor' })).toEqual([]);
    expect(problems({})).toEqual([]);
  });

  test('is reported together with every other problem', () => {
    expect(problems({ yaml: 'router: { ui: SOME }', starts: 'gatewayserver' })).toHaveLength(2);
  });

  test('must not have a read token, which would protect nothing', () => {
    expect(open('listen: "127.0.0.1:8000", read_token: look')).toEqual([
      'gatewayserver.read_token: expected gatewayserver.admin_token beside it, for without that every call is open',
    ]);
  });
});
