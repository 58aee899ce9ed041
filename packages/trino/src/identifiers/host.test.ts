import { describe, expect, test } from '@jest/globals';
import { comparableHost, readAuthority } from './host.ts';

describe('a host has one form in which it is compared', () => {
  test.each([
    ['trino.example', 'trino.example'],
    ['TRINO.Example', 'trino.example'],
    ['trino.example:8080', 'trino.example'],
    ['trino.example:', 'trino.example'],
    ['trino.example.', 'trino.example'],
    ['Trino.Example.:443', 'trino.example'],
    [' trino.example ', 'trino.example'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[2001:DB8:0:0::1]:8080', '2001:db8::1'],
    ['[2001:db8::1]:', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['[::ffff:10.0.0.1]', '::ffff:a00:1'],
    ['trino_1', 'trino_1'],
    ['', ''],
    ['.', ''],
    ['a..b', ''],
    ['trino.example..', ''],
    ['a b', ''],
    ['a, b', ''],
    ['user@a', ''],
    ['a:b', ''],
    ['a:0', ''],
    ['a:65536', ''],
    ['[::1', ''],
    ['[fe80::1%eth0]', ''],
    ['bücher.example', ''],
    [`${'a'.repeat(255)}`, ''],
  ])('%j is %j', (given, expected) => {
    expect(comparableHost(given)).toBe(expected);
    expect(comparableHost(expected)).toBe(expected);
  });

  test('links keep the dot and the spelling of an address', () => {
    expect(readAuthority('GW.example.:8443')).toEqual({ host: 'gw.example.', port: 8443 });
    expect(readAuthority('[0:0::1]')).toEqual({ host: '[0:0::1]', port: undefined });
    expect(readAuthority('gw:')).toEqual({ host: 'gw', port: undefined });
  });
});
