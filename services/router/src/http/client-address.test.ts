import { describe, expect, test } from '@jest/globals';
import { type ClientAddressSettings, createClientView, outsideUrl } from './client-address.ts';

type Case = {
  name: string;
  settings?: Partial<ClientAddressSettings>;
  peer?: string;
  headers: [string, string][];
  expected: Record<string, string>;
};

const balancer = { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.168.1.1'] };

const cases: Case[] = [
  {
    name: 'the address a client typed comes back in its links',
    headers: [['Host', 'GW.example:8080']],
    expected: {
      ip: '192.0.2.1',
      scheme: 'http',
      authority: 'gw.example:8080',
      host: 'gw.example',
      forwardedFor: '192.0.2.1',
    },
  },
  { name: 'no port means the default port', headers: [['Host', 'gw.example']], expected: { authority: 'gw.example' } },
  { name: 'the default port may be left out', headers: [['Host', 'gw:80']], expected: { authority: 'gw' } },
  {
    name: 'IPv6 hosts keep their brackets',
    headers: [['Host', '[::1]:8080']],
    expected: { authority: '[::1]:8080', host: '::1' },
  },
  {
    name: 'X-Forwarded-* of an untrusted peer is ignored',
    settings: balancer,
    headers: [
      ['Host', 'gw.example:8080'],
      ['X-Forwarded-For', '1.1.1.1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Port', '1'],
    ],
    expected: { ip: '192.0.2.1', scheme: 'http', authority: 'gw.example:8080', forwardedFor: '192.0.2.1' },
  },
  {
    name: 'a trusted balancer says who the client is and what it asked for',
    settings: balancer,
    peer: '10.1.2.3',
    headers: [
      ['Host', 'router-7:8080'],
      ['x-forwarded-for', '203.0.113.9'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-host', 'gw.example'],
    ],
    expected: {
      ip: '203.0.113.9',
      scheme: 'https',
      authority: 'gw.example',
      host: 'gw.example',
      forwardedFor: '203.0.113.9, 10.1.2.3',
    },
  },
  {
    name: 'what stands left of the client in X-Forwarded-For is not passed on',
    settings: balancer,
    peer: '10.1.2.3',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-For', '127.0.0.1, 203.0.113.9'],
      ['X-Forwarded-For', '10.9.9.9'],
    ],
    expected: { ip: '203.0.113.9', forwardedFor: '203.0.113.9, 10.9.9.9, 10.1.2.3' },
  },
  {
    name: 'in a chain of trusted proxies alone the client is the first',
    settings: balancer,
    peer: 'fd00::1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-For', '192.168.1.1, 10.0.0.2'],
    ],
    expected: { ip: '192.168.1.1', forwardedFor: '192.168.1.1, 10.0.0.2, fd00::1' },
  },
  {
    name: 'ports, quotes and brackets around addresses are understood, and "unknown" ends the chain',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-For', 'unknown, "[fd00::9]:1234", 10.0.0.7:99'],
    ],
    expected: { ip: 'fd00::9' },
  },
  {
    name: 'an IPv4 balancer is recognised on a dual-stack socket',
    settings: balancer,
    peer: '::ffff:10.0.0.1',
    headers: [
      ['Host', 'gw'],
      ['X-Forwarded-For', '203.0.113.9'],
    ],
    expected: { ip: '203.0.113.9', forwardedFor: '203.0.113.9, 10.0.0.1' },
  },
  {
    name: 'X-Forwarded-Port counts for a host without a port',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw.example'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Port', '8443'],
    ],
    expected: { scheme: 'https', authority: 'gw.example:8443' },
  },
  {
    name: 'the port of X-Forwarded-Host is what the client typed',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['X-Forwarded-For', '203.0.113.9, 10.0.0.9'],
      ['X-Forwarded-Host', 'gw.example:8443, inner'],
      ['X-Forwarded-Proto', 'https, http'],
      ['X-Forwarded-Port', '443'],
    ],
    expected: { scheme: 'https', authority: 'gw.example:8443' },
  },
  {
    name: 'of appended entries the one of the outermost trusted proxy counts, not what the client sent',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['X-Forwarded-For', '127.0.0.1, 203.0.113.9, 192.168.1.1'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Host', 'gw.example, inner'],
      ['X-Forwarded-Proto', 'http, https, http'],
      ['X-Forwarded-Port', '1, 8443, 80'],
    ],
    expected: { scheme: 'https', authority: 'gw.example:8443', host: 'gw.example' },
  },
  {
    name: 'behind one balancer the last entry counts, on whatever line it stands',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['X-Forwarded-Host', 'evil.example,'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'gw.example'],
      ['X-Forwarded-Proto', 'https'],
    ],
    expected: { scheme: 'https', authority: 'gw.example', host: 'gw.example' },
  },
  {
    name: 'a single entry is that of the outermost proxy, however many proxies there are',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'r:1'],
      ['X-Forwarded-For', '203.0.113.9, 10.0.0.9, 10.0.0.8'],
      ['X-Forwarded-Host', 'gw.example'],
      ['X-Forwarded-Proto', 'https'],
    ],
    expected: { scheme: 'https', authority: 'gw.example' },
  },
  {
    name: 'policies see a normalized host, links what was typed',
    headers: [['Host', 'GW.example.:']],
    expected: { authority: 'gw.example.', host: 'gw.example' },
  },
  {
    name: 'policies see IPv6 in one spelling',
    headers: [['Host', '[2001:DB8:0:0::1]:8080']],
    expected: { authority: '[2001:db8:0:0::1]:8080', host: '2001:db8::1' },
  },
  {
    name: 'malformed values from a balancer are ignored',
    settings: balancer,
    peer: '10.0.0.1',
    headers: [
      ['Host', 'gw:8080'],
      ['X-Forwarded-Host', 'a b"c'],
      ['X-Forwarded-Proto', 'ftp'],
      ['X-Forwarded-Port', '99999'],
      ['X-Forwarded-For', 'nobody'],
    ],
    expected: { ip: '10.0.0.1', scheme: 'http', authority: 'gw:8080' },
  },
  {
    name: 'external_url wins for links, but policies see the host the client asked for',
    settings: { ...balancer, externalUrl: 'https://trino.example:443' },
    peer: '10.0.0.1',
    headers: [
      ['Host', 'etl.example'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-For', '203.0.113.9'],
    ],
    expected: { scheme: 'https', authority: 'trino.example', host: 'etl.example', ip: '203.0.113.9' },
  },
  {
    name: 'a request without a host gets links to the address it came in by',
    headers: [],
    expected: { authority: '198.51.100.1:8080' },
  },
  {
    name: 'a malformed host does not get into links',
    headers: [['Host', 'a"b']],
    expected: { authority: '198.51.100.1:8080' },
  },
  {
    name: 'a malformed port does not get into links',
    headers: [['Host', 'gw:70000']],
    expected: { authority: '198.51.100.1:8080' },
  },
];

describe('the client as a cluster sees it', () => {
  test.each(cases)('$name', ({ settings, peer, headers, expected }) => {
    const view = createClientView({ trustedProxies: [], ...settings });
    const facts = { remoteAddress: peer ?? '192.0.2.1', localAddress: '198.51.100.1', listeningPort: 8080 };
    expect(view(facts, headers.flat())).toMatchObject(expected);
  });

  test.each<[string, [string, string][], string]>([
    ['the client itself', [], 'https://gw'],
    ['a balancer that says nothing of the scheme', [['X-Forwarded-For', '203.0.113.9']], 'https://gw'],
    ['a balancer that was asked without TLS', [['X-Forwarded-Proto', 'http']], 'http://gw:443'],
  ])('a connection with TLS has the scheme https where it comes from %s', (_, headers, expected) => {
    const view = createClientView({ trustedProxies: ['10.0.0.0/8'] });
    const facts = { remoteAddress: '10.1.2.3', localAddress: '10.1.2.4', listeningPort: 8443, encrypted: true };
    const client = view(facts, ['Host', 'gw:443', ...headers.flat()]);
    expect('problem' in client ? client : outsideUrl(client)).toBe(expected);
  });

  test('a connection that is already closed still has a view', () => {
    const view = createClientView({ trustedProxies: [] });
    expect(view({ remoteAddress: undefined, localAddress: undefined, listeningPort: 1 }, [])).toMatchObject({
      authority: '127.0.0.1:1',
    });
  });
});
