import { expect, test } from '@jest/globals';
import { type ClientAddressSettings, createClientView } from './client-address.ts';

// What trusted proxies say, as it comes to be in the view of the client.
type Case = {
  name: string;
  settings?: Partial<ClientAddressSettings>;
  peer?: string;
  headers: [string, string][];
  expected: Record<string, unknown>;
};

const balancer = { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.168.1.1'] };

const cases: Case[] = [
  {
    name: 'X-Forwarded-Port counts for a Host with a port, too',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw.example:8080'],
      ['X-Forwarded-Port', '8443'],
      ['X-Forwarded-Proto', 'https'],
    ],
    expected: { scheme: 'https', authority: 'gw.example:8443', host: 'gw.example' },
  },
  {
    name: 'Forwarded says all that X-Forwarded-* can',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['Forwarded', 'for="[2001:db8::7]:99";host="gw.example:8443";proto=https'],
    ],
    expected: {
      ip: '2001:db8::7',
      scheme: 'https',
      authority: 'gw.example:8443',
      forwardedFor: '2001:db8::7, 10.0.0.1',
    },
  },
  {
    name: 'a host in Forwarded without a port has that of its scheme, whatever the ports of other headers',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['Forwarded', 'host=gw.example;proto=https'],
      ['X-Forwarded-Port', '8443'],
    ],
    expected: { scheme: 'https', authority: 'gw.example' },
  },
  {
    name: 'Forwarded wins where both are there, parameter by parameter',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['Forwarded', 'host=gw.example'],
      ['X-Forwarded-Host', 'other.example:99'],
      ['X-Forwarded-Proto', 'https'],
    ],
    expected: { scheme: 'https', authority: 'gw.example' },
  },
  {
    name: 'Forwarded of the outer proxy counts where the inner one knows no client',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['Forwarded', 'for=127.0.0.1;host=evil.example, for=203.0.113.9;host=gw.example;proto=https, for=10.0.0.9'],
      ['X-Forwarded-For', '10.0.0.9'],
      ['X-Forwarded-Proto', 'http'],
    ],
    expected: {
      ip: '203.0.113.9',
      scheme: 'https',
      authority: 'gw.example',
      forwardedFor: '203.0.113.9, 10.0.0.9, 10.0.0.1',
    },
  },
  ...[
    'for=127.0.0.1;host=evil.example;proto=http',
    'for=203.0.113.9;host=evil.example',
    'for=203.0.113.9;proto=http',
    'host=evil.example',
  ].map(
    (made): Case => ({
      name: `Forwarded that a client made up and its proxy passed on does not count: ${made}`,
      settings: balancer,
      peer: '10.0.0.1',
      headers: [
        ['Host', 'r:1'],
        ['Forwarded', made],
        ['X-Forwarded-For', '203.0.113.9'],
        ['X-Forwarded-Host', 'gw.example'],
        ['X-Forwarded-Proto', 'https'],
      ],
      expected: { ip: '203.0.113.9', scheme: 'https', authority: 'gw.example', forwardedFor: '203.0.113.9, 10.0.0.1' },
    }),
  ),
  {
    name: 'Forwarded of an untrusted peer is ignored',
    settings: balancer,
    headers: [
      ['Host', 'gw.example'],
      ['Forwarded', 'for=1.1.1.1;host=evil.example;proto=https'],
      ['X-Forwarded-Prefix', '/evil'],
    ],
    expected: { ip: '192.0.2.1', scheme: 'http', authority: 'gw.example', prefix: '' },
  },
  ...(
    [
      [['/trino'], '/trino'],
      [['/evil, /trino'], '/trino'],
      [['/trino/'], '/trino'],
      [['/'], ''],
    ] as const
  ).map(
    ([lines, prefix]): Case => ({
      name: `the prefix ${lines} of a trusted proxy is ${prefix || 'none'}`,
      settings: balancer,
      peer: '10.0.0.1',
      headers: [['Host', 'gw'], ...lines.map((line): [string, string] => ['X-Forwarded-Prefix', line])],
      expected: { prefix },
    }),
  ),
  {
    name: 'each of two proxies names the part of the prefix that it takes off',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-For', '203.0.113.9, 10.0.0.9'],
      ['X-Forwarded-Prefix', '/evil'],
      ['X-Forwarded-Prefix', '/data'],
      ['X-Forwarded-Prefix', '/trino'],
    ],
    expected: { prefix: '/data/trino' },
  },
  {
    name: 'the path of external_url is the prefix, whatever a proxy says',
    settings: { ...balancer, externalUrl: 'https://trino.example/data' },
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-Prefix', '/..'],
    ],
    expected: { authority: 'trino.example', prefix: '/data' },
  },
  {
    name: 'an external_url without a path leaves the prefix to the proxy',
    settings: { ...balancer, externalUrl: 'https://trino.example' },
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-Prefix', '/trino'],
    ],
    expected: { authority: 'trino.example', prefix: '/trino' },
  },
  {
    name: 'a prefix that is no path is a problem',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-Prefix', '/a/../b'],
    ],
    expected: { problem: expect.stringContaining('X-Forwarded-Prefix must be a plain path') },
  },
];

test.each(cases)('$name', ({ settings, peer, headers, expected }) => {
  const view = createClientView({ trustedProxies: [], ...settings });
  const facts = { remoteAddress: peer ?? '192.0.2.1', localAddress: '198.51.100.1', listeningPort: 8080 };
  expect(view(facts, headers.flat())).toMatchObject(expected);
});
