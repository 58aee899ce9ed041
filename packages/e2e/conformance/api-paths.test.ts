import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { exchange } from '@trino-gateway/testing/trino-client/exchange';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';

// What of a real cluster's API clients reach. Between it and the router a server notes what arrives.
let trino: SharedCluster;
let witness: Server;
let suite: Suite;
/** Request lines that have reached the cluster, its probes apart. */
let arrived: string[] = [];
/** Answers this query itself, as a cluster would with a very long document. */
let large: { id: string; answer: (response: http.ServerResponse) => void } | undefined;

beforeAll(async () => {
  trino = await sharedCluster('accepting');
  witness = http.createServer((request, response) => {
    const { method = '', url = '', rawHeaders } = request;
    if (!String(request.headers['x-trino-source']).includes('trino-gateway')) arrived.push(`${method} ${url}`);
    if (large !== undefined && url === `/v1/query/${large.id}`) {
      large.answer(response);
      return;
    }
    const onward = http.request(trino.url + url, { method, headers: rawHeaders, setHost: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  witness.listen(0, '127.0.0.1');
  await once(witness, 'listening');
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' }, monitor: { INTERVAL: '60s' } });
  await suite.addBackends({ one: `http://127.0.0.1:${(witness.address() as AddressInfo).port}` });
  await suite.addGroup('all', ['one']);
}, 900_000);

beforeEach(() => {
  arrived = [];
});

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  witness?.close();
  witness?.closeAllConnections();
}, 60_000);

/** The status of a request whose target goes over the wire as it is. */
async function statusOf(method: string, target: string): Promise<number> {
  const { hostname, port } = new URL(suite.router.url);
  const socket = connect(Number(port), hostname);
  const body = method === 'PUT' ? '"SHUTTING_DOWN"' : '';
  const lines = ['Host: gateway', 'X-Trino-User: e2e', 'Connection: close', 'Content-Type: application/json'];
  socket.write(
    `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
}

const forNodesAndOperators: [string, string][] = [
  ...['/v1/task', '/v1/task/20260101_000000_00000_abcde.0.0.0', '/v1/memory', '/v1/announce', '/v1/announcement/one'],
  ...['/v1/service', '/v1/dynamicFilter', '/v1/maxActiveSplits', '/v1/resourceGroupState/global', '/v1/thread'],
  ...['/v1/integrations/gateway/metrics', '/v1/jmx/mbean', '/v1/node/failed', '/v1/store/one', '/metrics'],
].map((path) => ['GET', path]);

/** Other spellings, each of which some server takes for the same path. */
const spellings: [string, (path: string) => string][] = [
  ['as it is', (path) => path],
  ['a letter by its code', (path) => path.replace(/\/([a-z])(?=[^/]*$)/, (_, letter) => `/%${hex(letter)}`)],
  ['every letter by its code', (path) => path.replace(/[a-z]/g, (letter) => `%${hex(letter)}`)],
  ['a code by its code', (path) => path.replace(/\/([a-z])(?=[^/]*$)/, (_, letter) => `/%25${hex(letter)}`)],
  ['two slashes', (path) => path.replace(/\/(?=[^/]*$)/, '//')],
  ['two slashes at the start', (path) => `/${path}`],
  ['a slash at the end', (path) => `${path}/`],
  ['upper case', (path) => path.toUpperCase()],
  ['up from a path that is served', (path) => `/v1/statement/../..${path}`],
  ['the same by codes', (path) => `/v1/statement/%2e%2e/%2E%2e${path}`],
  ['up from the web UI', (path) => `/ui/..${path}`],
  ['the same by a code', (path) => `/ui/..%2f..${path}`],
  ['itself', (path) => path.replace(/\/(?=[^/]*$)/, '/./')],
  ['a parameter', (path) => `${path};x=y`],
  ['a parameter before', (path) => path.replace(/\/(?=[^/]*$)/, ';x=y/')],
  ['a backslash', (path) => path.replace(/\/(?=[^/]*$)/, '\\')],
  ['a slash by its code', (path) => path.replace(/\/(?=[^/]*$)/, '%2f')],
  ['a zero byte at the end', (path) => `${path}%00`],
  ['below a query', (path) => `/v1/query/..%2f..${path}`],
  ['absolute', (path) => `http://gateway${path}`],
];
const hex = (letter: string) => letter.charCodeAt(0).toString(16);

test.each(spellings)(
  'case 99: what nodes and operators ask a cluster is refused, and nothing arrives there: written with %s',
  async (_what, spell) => {
    const asked = [...forNodesAndOperators, ['PUT', '/v1/info/state'] as const];
    const answers = await Promise.all(
      asked.map(async ([method, path]) => [method, spell(path), await statusOf(method, spell(path))] as const),
    );
    expect(answers.filter(([, , status]) => ![400, 403, 404, 405].includes(status))).toEqual([]);
    expect(arrived).toEqual([]);
  },
);

test('case 97: the list of queries is refused with the way to what is there: no cluster has the one that is asked for', async () => {
  for (const target of ['/v1/query', '/v1/query?state=RUNNING', '/v1/query/']) {
    const answer = await exchange(new URL(target, suite.router.url), {
      method: 'GET',
      headers: { 'x-trino-user': 'e2e' },
    });
    expect([target, answer.status]).toEqual([target, 404]);
    if (!target.endsWith('/')) expect(answer.body).toContain('/v1/query/{id}');
  }
  expect(arrived).toEqual([]);
});

test('case 98: what a cluster says of a query is streamed: 30 MB reach the client as they come, byte for byte', async () => {
  const { id } = await runQuery(suite.router.url, 'SELECT 98');
  const asked = { method: 'GET', headers: { 'x-trino-user': 'e2e' } };
  const path = `/v1/query/${id}?pruned=true`;
  const [here, there] = [
    await exchange(new URL(path, suite.router.url), asked),
    await exchange(new URL(path, trino.url), asked),
  ];
  expect([here.status, JSON.parse(here.body)]).toEqual([200, JSON.parse(there.body)]);

  const half = Buffer.alloc(15_000_000, `{"queryId":"${id}"}`);
  const goOn = Promise.withResolvers<void>();
  const answer = async (response: http.ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(half);
    await goOn.promise;
    response.end(half);
  };
  large = { id, answer: (response) => void answer(response) };
  const request = http.get(`${suite.router.url}/v1/query/${id}`, { headers: asked.headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let received = 0;
  for await (const chunk of response) {
    received += chunk.length;
    // The second half is not there before the first has arrived.
    if (received === half.length) goOn.resolve();
  }
  large = undefined;
  expect([response.statusCode, received, response.complete]).toEqual([200, 2 * half.length, true]);
});
