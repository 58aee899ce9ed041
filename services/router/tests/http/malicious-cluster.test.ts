import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, type Reply, run } from '../support/client.ts';
import { listening } from '../support/listening-logger.ts';
import { startTestbed } from '../support/testbed.ts';

const OWNED = '20261121_080808_00130_93wed';
const POLL = `/v1/statement/executing/${OWNED}/ya1b2/3`;

/** A cluster on a raw socket: what it does with each connection, once a request has come or at once. */
async function startRaw(onRequest: (socket: Socket) => void, onConnect: (socket: Socket) => void = () => {}) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      if (/^(GET|HEAD|POST|PUT|DELETE) /.test(bytes.toString('latin1'))) onRequest(socket);
    });
    onConnect(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where the answer is that there is none; elsewhere a busy machine may take its time. */
const SHORT_MS = 400;
const LONG_MS = 10_000;

/** A router that knows one such cluster, and asks it again once. */
async function startRouter(url: string, limitMs = LONG_MS) {
  const { lines, logger } = listening();
  const router = await startTestbed({
    clusters: { bad: { url } },
    config: { attempt_time_limit: limitMs, poll_time_limit: limitMs },
    pollRetryDelaysMs: [10],
    logger,
  });
  const [owner] = router.ownership.candidates();
  if (owner !== undefined) router.ownership.learn(OWNED, owner);
  return { ...router, log: () => lines.join('\n'), [Symbol.asyncDispose]: () => router[Symbol.asyncDispose]() };
}

/** What a client gets of a statement in the end: the message of its error, or the status when there is no page. */
async function submitted(url: string): Promise<string> {
  const reply = await unlessBroken(post(url, 'SELECT 1'));
  if (reply === undefined) return 'broken';
  if (reply.status !== 200 || !reply.headers['content-type']?.startsWith('application/json')) return statusOf(reply);
  const { last } = await run(url, 'SELECT 1');
  return last.error === undefined ? 'taken' : `${last.error.errorName}: ${last.error.message}`;
}

async function polled(url: string): Promise<string> {
  const reply = await unlessBroken(ask(url + POLL));
  if (reply === undefined) return 'broken';
  if (reply.status !== 200 || !reply.text.startsWith('{')) return statusOf(reply);
  const { error } = pageOf(reply);
  return error === undefined ? 'passed on' : `${error.errorName}: ${error.message}`;
}

async function shown(url: string): Promise<string> {
  const reply = await unlessBroken(ask(`${url}/ui/query.html?${OWNED}`));
  return reply === undefined ? 'broken' : statusOf(reply);
}

const matching = (wanted: string | RegExp) => (typeof wanted === 'string' ? wanted : expect.stringMatching(wanted));

/** Undefined when the connection broke before the client had a head. */
const unlessBroken = (reply: Promise<Reply>) => reply.catch(() => undefined);

const statusOf = ({ status, whole }: Reply) => (whole ? String(status) : 'broken');

type Row = {
  name: string;
  /** What is sent, and then the connection is closed unless it is held open. */
  bytes: string;
  hold?: boolean;
  /** Why the attempt failed. */
  because?: RegExp;
  /** Where the answer is one that can be passed on. */
  passed?: { submit: string; poll: string | RegExp; ui: string };
};

const body = (text: string) => `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
const ok = body('{"id":"x"');
const noPage = /^GENERIC_INTERNAL_ERROR: .* not a page of Trino/;
const silent = /no answer within \d+ ms/;
const rows: Row[] = [
  {
    name: '101 with Upgrade',
    bytes: 'HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    because: /another protocol/,
  },
  {
    name: '101 with Upgrade, held',
    bytes: 'HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    hold: true,
    because: /another protocol/,
  },
  { name: '101 without Upgrade, held', bytes: 'HTTP/1.1 101 S\r\n\r\n', hold: true, because: /status 101/ },
  { name: 'status 000', bytes: `HTTP/1.1 000 x\r\n${ok}`, because: /status 000/ },
  { name: 'status 000, held', bytes: `HTTP/1.1 000 x\r\n${ok}`, hold: true, because: /status 000/ },
  { name: 'status 099', bytes: `HTTP/1.1 099 x\r\n${ok}`, because: /status 099/ },
  { name: 'status 99', bytes: `HTTP/1.1 99 x\r\n${ok}`, because: /not HTTP/ },
  { name: 'status 600', bytes: `HTTP/1.1 600 x\r\n${ok}`, because: /status 600/ },
  { name: 'status 999', bytes: `HTTP/1.1 999 x\r\n${ok}`, because: /status 999/ },
  { name: 'status 1000', bytes: `HTTP/1.1 1000 x\r\n${ok}`, because: /not HTTP/ },
  { name: 'HTTP/2.0', bytes: `HTTP/2.0 200 x\r\n${ok}`, because: /HTTP\/2\.0/ },
  { name: 'HTTP/0.9', bytes: `HTTP/0.9 200 x\r\n${ok}`, because: /HTTP\/0\.9/ },
  { name: 'another protocol', bytes: 'SSH-2.0-OpenSSH_9.6\r\n', because: /not HTTP/ },
  {
    name: 'a thousand interim answers',
    bytes: 'HTTP/1.1 103 E\r\nX: y\r\n\r\n'.repeat(1_000),
    hold: true,
    because: /interim answers/,
  },
  { name: 'one interim answer and no more', bytes: 'HTTP/1.1 199 E\r\n\r\n', hold: true, because: silent },
  { name: 'a head that never ends', bytes: 'HTTP/1.1 200 OK\r\nX: ', hold: true, because: silent },
  { name: 'a head that ends early', bytes: 'HTTP/1.1 200 OK\r\nX: ', because: /ended before an answer/ },
  {
    name: 'a head of three megabytes',
    bytes: `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(3_000_000)}`,
    hold: true,
    because: /HPE_HEADER_OVERFLOW/,
  },
  { name: 'nothing', bytes: '', because: /ended before an answer/ },
  { name: 'nothing, held', bytes: '', hold: true, because: silent },
  { name: 'two lengths', bytes: `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${ok}`, because: /not HTTP/ },
  { name: 'a list of lengths', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi', because: /not HTTP/ },
  {
    name: 'a length and chunks',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi',
    because: /not HTTP/,
  },
  {
    name: 'another coding before the chunks',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    because: /the transfer coding gzip, chunked/,
  },
  {
    name: 'chunks in HTTP/1.0',
    bytes: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    because: /the transfer coding chunked in HTTP\/1\.0/,
  },
  { name: 'a control character in a value', bytes: `HTTP/1.1 200 OK\r\nX: a\u0001b\r\n${ok}`, because: /not HTTP/ },
  { name: 'a name that is none', bytes: `HTTP/1.1 200 OK\r\nX(y): b\r\n${ok}`, because: /not HTTP/ },
  {
    name: '200 that is no page',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi',
    because: /not a page of Trino/,
    passed: { submit: '', poll: noPage, ui: '200' },
  },
  {
    name: '204 with a length and a body',
    bytes: 'HTTP/1.1 204 N\r\nContent-Length: 2\r\n\r\nhi',
    because: /answered 204/,
    passed: { submit: '', poll: noPage, ui: '204' },
  },
  {
    name: '307 to somebody else',
    bytes: 'HTTP/1.1 307 T\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n',
    because: /answered 307/,
    passed: { submit: '', poll: noPage, ui: '307' },
  },
  {
    name: 'a page that links to another address',
    bytes: `HTTP/1.1 200 OK\r\n${body(`{"id":"${OWNED}","nextUri":"http://elsewhere.example${POLL}","stats":{"state":"QUEUED"}}`)}`,
    because: /a link to another address/,
    passed: { submit: '', poll: 'passed on', ui: '200' },
  },
  {
    name: '304 with a length and a body',
    bytes: 'HTTP/1.1 304 N\r\nContent-Length: 2\r\n\r\nhi',
    passed: { submit: '304', poll: '304', ui: '304' },
  },
  {
    name: 'a reason that holds control characters, and an offer to upgrade',
    bytes: 'HTTP/1.1 400 a\u0001b\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nhi',
    passed: { submit: '400', poll: '400', ui: '400' },
  },
  {
    name: 'a body that breaks off',
    bytes: 'HTTP/1.1 400 OK\r\nContent-Length: 9\r\n\r\nhi',
    passed: { submit: 'broken', poll: 'broken', ui: 'broken' },
  },
  {
    name: 'chunks that are none',
    bytes: 'HTTP/1.1 400 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    passed: { submit: 'broken', poll: 'broken', ui: 'broken' },
  },
];

describe('whatever a cluster answers, its client gets an answer in time and no connection is left', () => {
  test.each(rows)('$name', async ({ bytes, hold = false, because, passed }) => {
    await using cluster = await startRaw((socket) => {
      socket.write(bytes, 'latin1');
      if (!hold) socket.end();
    });
    await using router = await startRouter(cluster.url, because === silent ? SHORT_MS : LONG_MS);
    const began = performance.now();
    const [submit, poll, ui] = await Promise.all([submitted(router.url), polled(router.url), shown(router.url)]);
    const failed = because ?? /never/;
    if (passed === undefined || passed.submit === '') {
      expect(submit).toMatch(/^NO_NODES_AVAILABLE: /);
      expect(router.log()).toMatch(failed);
    } else expect(submit).toBe(passed.submit);
    if (passed !== undefined) expect([poll, ui]).toEqual([matching(passed.poll), passed.ui]);
    else if (because === silent) expect([poll, ui]).toEqual(['504', '502']);
    else expect([poll, ui]).toEqual([expect.stringMatching(/^REMOTE_HOST_GONE: /), '502']);
    expect(router.log()).not.toContain('unhandled error');
    expect(performance.now() - began).toBeLessThan(20_000);
    await until('no connection is left', () => cluster.open() === 0);
  });
});

test('a 204 reaches the client without a length: it would wait for a body', async () => {
  await using cluster = await startRaw((socket) => socket.end('HTTP/1.1 204 N\r\nContent-Length: 2\r\n\r\nhi'));
  await using router = await startRouter(cluster.url);
  const { status, headers } = await ask(`${router.url}/v1/query/${OWNED}`, { method: 'DELETE' });
  expect([status, headers['content-length'], headers['transfer-encoding']]).toEqual([204, undefined, undefined]);
});

test('an unsolicited answer is not taken for the answer to the next request', async () => {
  let asked = 0;
  const answer = (text: string) => `HTTP/1.1 400 ${text}\r\nContent-Length: 0\r\n\r\n`;
  let unasked: (() => void) | undefined;
  await using cluster = await startRaw((socket) => {
    asked += 1;
    socket.write(answer(`to ${asked}`));
    unasked = () => socket.write(answer('unasked'));
  });
  await using router = await startRouter(cluster.url);
  expect((await ask(router.url + POLL)).statusMessage).toBe('to 1');
  unasked?.();
  await until('the connection is closed', () => cluster.open() === 0);
  expect((await ask(router.url + POLL)).statusMessage).toBe('to 2');
  expect(cluster.connections()).toBe(2);
});
