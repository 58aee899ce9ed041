import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { completedEvent, createdEvent, DIVIDED_BY_ZERO, QUERY_ID } from '@trino-gateway/testing/trino-events';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function sender(server: () => TestGatewayserver) {
  return async (event: unknown, headers: Record<string, string> = {}, method = 'POST') => {
    const body = method === 'GET' ? undefined : typeof event === 'string' ? event : JSON.stringify(event);
    const response = await fetch(`${server().url}/v1/trino/events`, {
      method,
      headers: { ...JSON_TYPE, ...headers },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}

describe('events', () => {
  let server: TestGatewayserver;
  const send = sender(() => server);
  beforeAll(async () => {
    server = await startTestGatewayserver();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const submit = (id: string, more: Record<string, unknown> = {}) =>
    server.ok('QueryService/RecordQueries', {
      queries: [
        {
          id,
          trinoQueryId: id,
          text: 'SELECT 1',
          user: 'ann',
          source: 'cli',
          clientTags: ['t'],
          backendId: 'a',
          state: 'QUEUED',
          submittedAt: '2026-11-21T08:08:08.100Z',
          ...more,
        },
      ],
    });
  const row = async (id: string) => (await server.post('QueryService/GetQuery', { id })).body;
  const ended = (id: string) =>
    until(
      () => row(id),
      ({ state }) => state === 'FINISHED' || state === 'FAILED',
    );

  test('the end of a query is added to its row, and what the router reported stays', async () => {
    await submit(QUERY_ID);
    expect(await send(completedEvent())).toEqual({ status: 200, body: {} });
    expect(await ended(QUERY_ID)).toEqual({
      id: QUERY_ID,
      trinoQueryId: QUERY_ID,
      text: 'SELECT 1',
      user: 'ann',
      source: 'cli',
      clientTags: ['t'],
      backendId: 'a',
      state: 'FINISHED',
      submittedAt: '2026-11-21T08:08:08.100Z',
      startedAt: '2026-11-21T08:08:08.228Z',
      endedAt: '2026-11-21T08:08:08.591Z',
      rows: '25',
    });
  });

  test('events that are repeated, late or contradictory change nothing more', async () => {
    const id = '20261121_080808_00131_93wed';
    await submit(id);
    await send(completedEvent({ queryId: id, ...DIVIDED_BY_ZERO }));
    const before = await ended(id);
    expect(before).toMatchObject({ state: 'FAILED', error: { name: 'DIVISION_BY_ZERO', message: 'Division by zero' } });
    for (const event of [
      completedEvent({ queryId: id, ...DIVIDED_BY_ZERO }),
      completedEvent({ queryId: id }),
      createdEvent(id),
    ])
      expect((await send(event)).status).toBe(200);
    const marker = '20261121_080808_00132_93wed';
    await submit(marker);
    await send(completedEvent({ queryId: marker }));
    await ended(marker);
    expect(await row(id)).toEqual(before);
  });

  test('a query that was recorded as UNKNOWN is corrected by its event, with the true end', async () => {
    const id = '20261121_080808_00133_93wed';
    await submit(id, { state: 'UNKNOWN', endedAt: '2026-11-21T08:20:00Z' });
    await send(completedEvent({ queryId: id }));
    expect(await ended(id)).toMatchObject({ state: 'FINISHED', endedAt: '2026-11-21T08:08:08.591Z' });
  });

  test('an event that arrives before its submission is not lost', async () => {
    const id = '20261121_080808_00134_93wed';
    await send(completedEvent({ queryId: id }));
    await until(
      async () => (await fetch(`${server.opsUrl}/metrics`)).text(),
      (metrics) => metrics.includes('trino_gateway_events_kept{state="early"} 1'),
    );
    expect((await row(id)).code).toBe('not_found');
    await submit(id);
    expect(await ended(id)).toMatchObject({ user: 'ann', state: 'FINISHED', rows: '25' });
  });

  test('an event about a query that did not come through the gateway makes no row', async () => {
    const id = '20261121_080808_00135_zzzzz';
    await send(completedEvent({ queryId: id }));
    const marker = '20261121_080808_00136_93wed';
    await submit(marker);
    await send(completedEvent({ queryId: marker }));
    await ended(marker);
    expect(await row(id)).toMatchObject({ code: 'not_found' });
  });

  test('an event of megabytes is accepted, one beyond 16 MiB is refused in words', async () => {
    const id = '20261121_080808_00137_93wed';
    await submit(id);
    expect((await send(completedEvent({ queryId: id, metadata: { jsonPlan: 'x'.repeat(15_000_000) } }))).status).toBe(
      200,
    );
    await ended(id);
    const { status, body } = await send(completedEvent({ metadata: { jsonPlan: 'x'.repeat(17_000_000) } }));
    expect([status, body.message]).toEqual([413, 'the event is longer than 16 MiB']);
  });

  test.each<[string, unknown, Record<string, string>, string, number, string]>([
    ['not JSON', '{"metadata":', {}, 'POST', 400, 'metadata.queryId: expected a query id of Trino, got nothing'],
    ['nothing at all', '', {}, 'POST', 400, 'metadata.queryId'],
    ['a list', [], {}, 'POST', 400, 'metadata.queryId'],
    ['another state', completedEvent({ metadata: { queryState: 'DONE' } }), {}, 'POST', 400, 'metadata.queryState'],
    ['another type', completedEvent(), { 'content-type': 'text/plain' }, 'POST', 415, 'application/json'],
    ['compressed', completedEvent(), { 'content-encoding': 'gzip' }, 'POST', 415, 'not compressed'],
    ['GET', '', {}, 'GET', 405, 'got GET'],
    ['DELETE', '', {}, 'DELETE', 405, 'got DELETE'],
  ])('bad input is refused in words: %s', async (_, event, headers, method, expected, message) => {
    const { status, body } = await send(event, headers, method);
    expect([status, body.message]).toEqual([expected, expect.stringContaining(message)]);
  });

  test('PUT does what POST does: an event listener may be configured to use it', async () => {
    expect((await send(createdEvent(), {}, 'PUT')).status).toBe(200);
  });

  test('a sender that disconnects in the middle does not affect others', async () => {
    await new Promise<void>((resolve) => {
      const { port } = new URL(server.url);
      const headers = { ...JSON_TYPE, 'content-length': '1000' };
      const broken = httpRequest({ host: '127.0.0.1', port, path: '/v1/trino/events', method: 'POST', headers });
      broken.on('error', () => resolve());
      broken.write('{"metadata":', () => broken.destroy(new Error('gone')));
    });
    expect((await send(createdEvent())).status).toBe(200);
  });

  test('other paths are not served', async () => {
    const response = await fetch(`${server.url}/v1/trino/eventsx`, { method: 'POST' });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  });

  test('answers are metrics', async () => {
    const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
    for (const answer of ['taken', 'passed over', 'malformed', 'refused'])
      expect(metrics).toMatch(new RegExp(`trino_gateway_events_total\\{answer="${answer}"\\} [1-9]`));
    expect(metrics).toMatch(/trino_gateway_events_settled_total\{outcome="stored"\} [1-9]/);
  });
});

describe.each<[string, Record<string, string>, [string, Record<string, string>, number][]]>([
  [
    'a token of their own',
    { admin_token: 'admin-secret', read_token: 'read-secret', events_token: 'events-secret' },
    [
      ['none', {}, 401],
      ['the wrong one', { 'x-auth-key': 'events-secret2' }, 401],
      ['the read token', { 'x-auth-key': 'read-secret' }, 401],
      ['theirs as X-Auth-Key', { 'x-auth-key': 'events-secret' }, 200],
      ['theirs as Bearer', { authorization: 'Bearer events-secret' }, 200],
      ['the admin token', { 'x-auth-key': 'admin-secret' }, 200],
    ],
  ],
  [
    'an admin token only',
    { admin_token: 'admin-secret' },
    [
      ['none', {}, 401],
      ['the admin token', { authorization: 'Bearer admin-secret' }, 200],
    ],
  ],
  [
    'an events token and no admin token',
    { events_token: 'events-secret' },
    [
      ['none', {}, 401],
      ['theirs', { 'x-auth-key': 'events-secret' }, 200],
    ],
  ],
  ['no token', {}, [['none', {}, 200]]],
])('events with %s', (_, keys, cases) => {
  let server: TestGatewayserver;
  const send = sender(() => server);
  beforeAll(async () => {
    server = await startTestGatewayserver(keys);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test.each(cases)('shown %s', async (_name, headers, expected) => {
    expect((await send(createdEvent(), headers)).status).toBe(expected);
  });

  test('the events token is accepted nowhere else', async () => {
    const { status } = await server.post('BackendService/ListBackends', {}, { 'x-auth-key': 'events-secret' });
    expect(status).toBe('admin_token' in keys ? 401 : 200);
  });
});
