import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { chosenVersion, TRINO_VERSION } from '@trino-gateway/testing/trino/versions';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// The same bytes to a real Trino and to the router before it, whose peer is trusted as a balancer: what either makes of the host
// that the client asked for shows in the links. Ours agrees, or refuses.
let trino: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  trino = await sharedCluster('accepting');
  suite = await startSuite({ router: { TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' } });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
  const policy = { id: 'all', listeningPort: suite.router.ports[0], groupId: 'all' };
  await suite.call('PolicyService/PutPolicy', { policy });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

/** Where the next link begins, or the status where there is none. The address that was asked is `SOCKET`. */
async function made(url: string, lines: readonly string[], { target = '/v1/statement', version = '1.1' } = {}) {
  const { hostname, port } = new URL(url);
  const body = 'SELECT 1';
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('error', reject);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    const head = [...lines, 'X-Trino-User: hosts', 'Connection: close', `Content-Length: ${body.length}`];
    socket.write(`POST ${target} HTTP/${version}\r\n${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  });
  const link = /"nextUri":"(https?:\/\/.*?)\/v1\/statement\//.exec(text)?.[1];
  return link?.replace(`${hostname}:${port}`, 'SOCKET') ?? (/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] || 'no answer');
}

type Row = {
  lines: string[];
  target?: string;
  version?: string;
  /** Where its links begin, or its status. */
  trino: string;
  /** Absent: the same, in lower case. */
  ours?: string;
};

const GW = 'Host: gw.example';
const TARGET = 'http://gw.example/v1/statement';
const host = (value: string, made: string): Row => ({ lines: [`Host: ${value}`], trino: made });

const hosts: Row[] = [
  host('gw.example', 'http://gw.example'),
  host('gw.example:8080', 'http://gw.example:8080'),
  host('gw.example:80', 'http://gw.example'),
  host('GW.Example', 'http://GW.Example'),
  host('gw.example.', 'http://gw.example.'),
  host('gw_1:8080', 'http://gw_1:8080'),
  host('10.0.0.1', 'http://10.0.0.1'),
  host('[::1]:8080', 'http://[::1]:8080'),
  host('[2001:DB8:0:0::1]', 'http://[2001:DB8:0:0::1]'),
  host('gw.example:0', '400'),
  host('gw.example:70000', '400'),
  host('gw.example:x', '400'),
  host('[::1', '400'),
  host('[gw]', '400'),
  host('a b', '400'),
  host('a, b', '400'),
  host('user@gw', '400'),
  host('http://gw', '400'),
  host('gw/x', '400'),
  host('gw?x', '400'),
  host('gw#x', '400'),
  host('b\u00fccher', '400'),
  host('', '400'),
  { lines: [], trino: '400' },
  { lines: [], version: '1.0', trino: 'http://SOCKET' },
  { lines: [GW], version: '1.0', trino: 'http://gw.example' },
  { lines: [GW, GW], trino: '400' },
  { lines: [GW, 'Host: other'], trino: '400' },
  { lines: [GW], target: TARGET, trino: 'http://gw.example' },
  { lines: ['Host: other'], target: TARGET, trino: '400' },
  { lines: ['Host: gw.example:8080'], target: TARGET, trino: '400' },
  { lines: [GW], target: TARGET.replace('gw', 'user@gw'), trino: '400' },
  // Ours refuses what can be no name.
  { ...host('gw..example', 'http://gw..example'), ours: '400' },
  { ...host('.', 'http://.'), ours: '400' },
  { ...host('*', 'http://*'), ours: '400' },
  // Ours knows an empty port, and that of the scheme (RFC 3986, 3.2.3); the cluster gets a host without.
  { ...host('gw.example:', '400'), ours: 'http://gw.example' },
  {
    lines: ['Host: gw.example:80'],
    target: TARGET,
    trino: chosenVersion() === TRINO_VERSION ? '400' : 'http://gw.example',
    ours: 'http://gw.example',
  },
];

const forwarded = (lines: string[], made: string, ours?: string): Row => ({
  lines: ['Host: inner:1', ...lines],
  trino: made,
  ...(ours === undefined ? {} : { ours }),
});
const balanced: Row[] = [
  forwarded(['X-Forwarded-Host: gw.example'], 'http://gw.example'),
  forwarded(['X-Forwarded-Host: gw.example.'], 'http://gw.example.'),
  forwarded(['X-Forwarded-Host: [::1]:8443'], 'http://[::1]:8443'),
  forwarded(['X-Forwarded-Host: gw.example:8443', 'X-Forwarded-Proto: https'], 'https://gw.example:8443'),
  forwarded(
    ['X-Forwarded-Host: gw.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 8443'],
    'https://gw.example:8443',
  ),
  forwarded(['X-Forwarded-Proto: https'], 'https://inner:1'),
  forwarded(['X-Forwarded-Proto: HTTPS'], 'https://inner:1'),
  forwarded(['X-Forwarded-Prefix: /c1'], 'http://inner:1/c1'),
  forwarded(['X-Forwarded-Prefix: /c1/'], 'http://inner:1/c1'),
  forwarded(['X-Forwarded-Prefix: c1'], 'http://inner:1/c1'),
  // Prefixes are read as every path is: nothing that another server could read in another way.
  forwarded(['X-Forwarded-Prefix: /c1/../x'], 'http://inner:1/c1/../x', '400'),
  forwarded(['X-Forwarded-Prefix: http://evil.example'], 'http://inner:1/http://evil.example', '400'),
  forwarded(['X-Forwarded-Prefix: /{x}'], '500', '400'),
  // A port by itself counts for any Host, and for a host without a port.
  forwarded(['X-Forwarded-Port: 8443'], 'http://inner:8443'),
  forwarded(['X-Forwarded-Port: 443', 'X-Forwarded-Proto: https'], 'https://inner'),
  forwarded(['X-Forwarded-Host: gw.example:99', 'X-Forwarded-Port: 8443'], 'http://gw.example:99'),
  forwarded(['Forwarded: host="gw.example:8443";proto=https'], 'https://gw.example:8443'),
  forwarded(['Forwarded: HOST=gw.example:8443; Proto=HTTPS'], 'https://gw.example:8443'),
  forwarded(['Forwarded: proto=https'], 'https://inner:1'),
  forwarded(['Forwarded: for=192.0.2.1;by=_x'], 'http://inner:1'),
  forwarded(['Forwarded: junk'], 'http://inner:1'),
  forwarded(['Forwarded: for="[2001:db8::1]:99";host="[::1]:8443"'], 'http://[::1]:8443'),
  // Forwarded wins, parameter by parameter.
  forwarded(
    ['Forwarded: proto=https', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: gw.example'],
    'https://gw.example',
  ),
  forwarded(
    ['X-Forwarded-Host: x.example', 'Forwarded: host=gw.example:8443', 'X-Forwarded-Proto: https'],
    'https://gw.example:8443',
  ),
  // Trino completes its host by the port of the Host header, which is that of the inner connection.
  forwarded(['Forwarded: host=gw.example;proto=https'], 'https://gw.example:1', 'https://gw.example'),
  // A Forwarded that contradicts the X-Forwarded-For of the proxy is the client's own.
  forwarded(
    ['X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.9;host=evil.example:1'],
    'http://evil.example:1',
    'http://inner:1',
  ),
  // Trino takes the first, which is what the client of an appending proxy has sent; ours what the outermost trusted proxy says.
  forwarded(['X-Forwarded-Host: evil.example, gw.example'], 'http://evil.example', 'http://gw.example'),
  forwarded(
    ['X-Forwarded-Host: evil.example', 'X-Forwarded-Host: gw.example'],
    'http://evil.example',
    'http://gw.example',
  ),
  forwarded(
    ['X-Forwarded-For: 192.0.2.1, 10.0.0.9', 'X-Forwarded-Host: evil.example, gw.example, inner'],
    'http://evil.example',
    'http://gw.example',
  ),
  forwarded(['X-Forwarded-Proto: http, https'], 'http://inner:1', 'https://inner:1'),
  forwarded(['X-Forwarded-Port: 2, 3'], 'http://inner:2', 'http://inner:3'),
  // What is nonsense never reaches the cluster: Host counts.
  forwarded(['X-Forwarded-Port: 99999'], '400', 'http://inner:1'),
  forwarded(['X-Forwarded-Host: a b'], '400', 'http://inner:1'),
  forwarded(['X-Forwarded-Host: gw.example:'], '400', 'http://gw.example'),
];

const named = (row: Row) =>
  [`${row.target ?? ''} ${row.lines.join(' | ') || 'no Host'} ${row.version ?? ''}`.trim(), row] as const;

describe('a Host is read as Trino reads it, or refused', () => {
  test.each(hosts.map(named))('%s', async (_, row) => {
    expect(await made(trino.url, row.lines, row)).toBe(row.trino);
    expect(await made(suite.router.url, row.lines, row)).toBe(row.ours ?? ownSpelling(row.trino));
  });
});

describe('case 35: a cluster gets one host of those that a balancer names', () => {
  test.each(balanced.map(named))('%s', async (_, row) => {
    expect(await made(trino.url, row.lines, row)).toBe(row.trino);
    expect(await made(suite.router.url, row.lines, row)).toBe(row.ours ?? ownSpelling(row.trino));
  });
});

const ownSpelling = (origin: string) => (origin.endsWith('SOCKET') ? origin : origin.toLowerCase());
