import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import type { FaultAction } from '@trino-gateway/testing/scripted-trino/faults';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type QueryResult, runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { isTemporaryQueryId } from '@trino-gateway/trino';

// Faults that a real cluster does not produce on demand. Statements with the tag `only` have no other cluster.
let one: ScriptedTrino;
let two: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  [one, two] = await Promise.all([startScriptedTrino(), startScriptedTrino()]);
  for (const trino of [one, two])
    trino.when(/^ROWS/, { columns: [{ name: 'a', type: 'varchar' }], pageBytes: 200_000, pages: 3 });
  suite = await startSuite({
    // Queries wait while a cluster that failed is tried again.
    gatewayserver: { DEFAULT_GROUP: 'both', OUTAGE_WAIT: '20s' },
    router: { ATTEMPT_TIME_LIMIT: '2s', POLL_TIME_LIMIT: '3s' },
  });
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('both', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('only', ['one']);
  const policy = { id: 'only', clientTags: { anyOf: ['only'] }, groupId: 'only' };
  await suite.call('PolicyService/PutPolicy', { policy });
}, 240_000);

afterEach(() => {
  for (const trino of [one, two]) trino.clearFaults();
});

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([one?.stop(), two?.stop()]);
}, 60_000);

const only = { 'x-trino-client-tags': 'only' };
const run = (statement = 'SELECT 1', headers: Record<string, string> = {}) =>
  runQuery(suite.router.url, statement, { headers });
/** A query of the one cluster, once that has it: after a fault it may have to wait for the trial of another one. */
async function taken(statement: string): Promise<OpenQuery> {
  const query = await openQuery(suite.router.url, statement, only);
  while (isTemporaryQueryId(query.page.id)) await query.poll();
  return query;
}
const worked = ({ error, rows }: QueryResult) => [error, rows];
const fine = [undefined, [[1]]];

/** Until a test says otherwise. */
const always = (on: 'submit' | 'poll', action: FaultAction) =>
  one.fault({ on, times: Number.POSITIVE_INFINITY, action });

describe('case 63: no client sees that a cluster answers statements with', () => {
  test.each([502, 503, 504])(
    '%i, while another one takes them',
    async (status) => {
      always('submit', { kind: 'status', status });
      const results = await Promise.all(Array.from({ length: 6 }, () => run()));
      expect(results.map(worked)).toEqual(results.map(() => fine));
      expect(results.every(({ id }) => id.endsWith(two.suffix))).toBe(true);
    },
    60_000,
  );

  test('503 for three seconds, where there is no other', async () => {
    const over = always('submit', { kind: 'status', status: 503 });
    setTimeout(over, 3_000);
    expect(worked(await run('SELECT 1', only))).toEqual(fine);
  }, 60_000);
});

test.each([502, 503, 504])(
  'case 64: a poll that is answered %i once is not seen by the client',
  async (status) => {
    one.fault({ on: 'poll', action: { kind: 'status', status } });
    expect(worked(await run('SELECT 1', only))).toEqual(fine);
  },
  60_000,
);

describe('case 65: a coordinator that drops every poll', () => {
  test('for some seconds is not seen by the client', async () => {
    one.fault({ on: 'poll', times: 5, action: { kind: 'reset' } });
    expect(worked(await run('SELECT 1', only))).toEqual(fine);
  }, 60_000);

  test('for ever ends the query with an error that every client understands', async () => {
    const query = await taken('SELECT 1');
    always('poll', { kind: 'reset' });
    const from = performance.now();
    const page = await query.poll();
    expect(page.error?.errorName).toBe('REMOTE_HOST_GONE');
    expect(page.nextUri).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(20_000);
  }, 60_000);
});

describe('case 68: a kept connection that ends as it is used again is not seen by the client', () => {
  test('at a statement, which no other cluster gets', async () => {
    await run('SELECT 1', only);
    one.fault({ on: 'submit', action: { kind: 'reset' } });
    expect(worked(await run('SELECT 1', only))).toEqual(fine);
  }, 60_000);

  test('at a poll, a heartbeat, a cancel', async () => {
    const query = await taken('SELECT 1');
    const link = query.page.nextUri ?? '';
    for (const method of ['HEAD', 'GET', 'DELETE']) {
      one.fault({ on: (request) => request.method === method, action: { kind: 'reset' } });
      expect([method, (await fetch(link, { method })).status]).toEqual([method, method === 'DELETE' ? 204 : 200]);
    }
  }, 60_000);
});

describe('case 73: what is no page of Trino is not passed on as success', () => {
  const html = { status: 200, headers: [['Content-Type', 'text/html']], body: '<html>login</html>' } as const;
  const invalid: [string, FaultAction][] = [
    ['HTML', { kind: 'status', ...html }],
    ['nothing', { kind: 'status', status: 200, body: '' }],
    ['another content type', { kind: 'content-type', value: 'text/plain' }],
    ['204', { kind: 'status', status: 204 }],
  ];
  test.each(invalid)(
    '%s instead of a first page: another cluster gets the statement',
    async (_, action) => {
      always('submit', action);
      const results = await Promise.all([run(), run(), run()]);
      expect(results.map(worked)).toEqual(results.map(() => fine));
    },
    60_000,
  );

  test.each(invalid)(
    '%s instead of a page: the poll is repeated',
    async (_, action) => {
      one.fault({ on: 'poll', times: 2, action });
      expect(worked(await run('SELECT 1', only))).toEqual(fine);
    },
    60_000,
  );

  test('for ever: the query fails', async () => {
    const query = await taken('SELECT 1');
    always('poll', { kind: 'status', ...html });
    const page = await query.poll();
    expect([page.nextUri, page.stats?.state]).toEqual([undefined, 'FAILED']);
    expect(page.error).toMatchObject({
      errorName: 'GENERIC_INTERNAL_ERROR',
      message: expect.stringMatching(/not a page of Trino/),
    });
  }, 60_000);

  test('interim answers stay between cluster and router', async () => {
    const page = '{"id":"20261121_080808_00130_93wed","stats":{"state":"FINISHED"},"columns":[],"data":[[1]]}';
    const server = http.createServer((_, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await suite.call('BackendService/PutBackend', { backend: { id: 'hints', url: `http://127.0.0.1:${port}` } });
    await suite.call('BackendService/MarkHealthy', { id: 'hints' });
    await suite.addGroup('hints', ['hints']);
    const policy = { id: 'hints', clientTags: { anyOf: ['hints'] }, groupId: 'hints' };
    await suite.call('PolicyService/PutPolicy', { policy });
    const interim: number[] = [];
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const headers = { 'x-trino-user': 'e2e', 'x-trino-client-tags': 'hints' };
      const request = http.request(`${suite.router.url}/v1/statement`, { method: 'POST', headers }, resolve);
      request.on('information', ({ statusCode }) => interim.push(statusCode)).on('error', reject);
      request.end('SELECT 1');
    });
    expect([answer.statusCode, interim]).toEqual([200, []]);
    answer.resume();
    await suite.call('BackendService/DisableBackend', { id: 'hints' });
    server.closeAllConnections();
    server.close();
  }, 60_000);
});

describe('case 74: a cluster that stalls', () => {
  test('before it answers a statement: another one gets it', async () => {
    always('submit', { kind: 'silence' });
    const results = await Promise.all([run(), run()]);
    expect(results.map(worked)).toEqual(results.map(() => fine));
  }, 60_000);

  test('before a page: 504 after the time limit, which clients repeat', async () => {
    const query = await taken('SELECT 1');
    one.fault({ on: 'poll', action: { kind: 'silence' } });
    await expect(query.poll()).rejects.toMatchObject({ status: 504 });
    expect((await query.finish()).error).toBeUndefined();
  }, 60_000);

  test('in the middle of a page: the connection breaks off, and the same page can be had again', async () => {
    const query = await taken('ROWS');
    while (query.page.nextUri?.includes('/queued/')) await query.poll();
    one.fault({ on: 'poll', action: { kind: 'stalled-page', bytes: 1_000 } });
    await expect(query.poll()).rejects.toThrow();
    expect((await query.finish()).stats.state).toBe('FINISHED');
  }, 60_000);
});

test('case 67, 69: a coordinator restarts on its address: its old queries end cleanly, and nobody gets it before it is ready', async () => {
  const query = await taken('SELECT 1');
  // Ids and dates have whole seconds: by then nothing else can have made this one.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await one.restart({ startingMs: 6_000 });
  const page = await query.poll();
  expect(page.error).toMatchObject({ errorName: 'REMOTE_HOST_GONE', message: expect.stringMatching(/has restarted$/) });
  expect([page.id, page.nextUri]).toEqual([query.id, undefined]);
  const isStarting = async () => {
    const { condition } = await suite.call<{ condition: { status: { state: string } } }>('BackendService/GetBackend', {
      id: 'one',
    });
    return condition.status.state === 'STARTING';
  };
  await until('the monitor to see it start', isStarting);
  const before = one.requests.length;
  expect((await Promise.all([run(), run()])).map(worked)).toEqual([fine, fine]);
  const early = one.requests.slice(before).filter(({ rawHeaders }) => rawHeaders.includes('e2e'));
  expect(early).toEqual([]);
  expect(worked(await run('SELECT 1', only))).toEqual(fine);
}, 90_000);
