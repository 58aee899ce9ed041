import { createSecretKey } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { DirectConnection } from '@trino-gateway/wire';
import type { HeldEnd } from '../../attendance/attendance.ts';
import { newTicket, readTicket, slugOf } from '../../queue/ticket.ts';
import type { DirectListener } from './direct-poll.ts';
import type { KnownRequest } from './known-requests.ts';
import { holdDirectly, type WaitingPoll, type WaitingPollsDeps } from './waiting-polls.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const ticket = newTicket('20261130_120000_00001_gzzzz');
const client = { ip: '10.0.0.1', scheme: 'https', authority: 'trino.example.com', prefix: '' };

/** A poll of a query that waits, and what becomes of it. */
function begin(
  overrides: Partial<WaitingPollsDeps> = {},
  target = '',
  phase: WaitingPoll['request']['phase'] = 'queued',
) {
  const seen = { given: [] as string[], exchanges: 0, passed: 0, waits: [] as string[], left: 0, taken: 0, waitMs: 0 };
  let end: (how: HeldEnd) => void = () => {};
  const answer = new EventEmitter();
  const deps: WaitingPollsDeps = {
    gateway: { signingKey: () => key },
    readTicket,
    attendance: {
      keep: (_query, waitMs, ended) => {
        seen.waitMs = waitMs;
        end = ended;
        return { gone: () => {}, letGo: () => void seen.left++ };
      },
      waits: (queryId) => void seen.waits.push(queryId),
    },
    dispatches: { has: () => false },
    heldPolls: { holdMs: (ms = 1_000) => ms, queuedMs: () => 2_500 },
    failedPolls: { succeeded: () => {} },
    limits: {
      roomOf: () => {
        seen.taken += 1;
        return () => void seen.taken--;
      },
    },
    bytes: { open: () => ({ close: () => {} }) as never },
    pace: {} as never,
    now: Date.now,
    onQueuedPage: () => {},
    poll: () => void seen.exchanges++,
    ...overrides,
  };
  const connection = {
    closingLines: 'Connection: keep-alive\r\n',
    give: (bytes: Buffer) => void seen.given.push(bytes.toString()),
    carry: () => ({ request: { rawHeaders: [] }, answer }),
  } as unknown as DirectConnection;
  const listener: DirectListener = { port: 8443, begun: () => {}, passed: () => void seen.passed++ };
  const link = `/v1/statement/${phase}/${ticket.queryId}/${slugOf(ticket, key)}/7${target}`;
  const request: WaitingPoll['request'] = {
    kind: 'poll',
    method: 'GET',
    phase,
    target: link,
    queryId: ticket.queryId,
    slug: slugOf(ticket, key),
    token: 7,
  };
  const known = { client, groupHeaders: [], rawHeaders: [], hasPassword: false } as unknown as KnownRequest;
  const held = holdDirectly(deps, { request, known, connection, listener });
  return { held, seen, end: (how: HeldEnd) => end(how), answer };
}

test('when its time is over, the client has a page with the next link, in one piece', () => {
  const { held, seen, end } = begin({}, '?maxWait=500ms');
  expect(held).toBeDefined();
  expect(seen).toMatchObject({ given: [], taken: 1, waitMs: 500 });
  end('over');
  const [head = '', page = ''] = (seen.given[0] ?? '').split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual([
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    `Content-Length: ${page.length}`,
    expect.stringMatching(/^Date: .* GMT$/),
    'Connection: keep-alive',
  ]);
  expect(JSON.parse(page)).toMatchObject({
    id: ticket.queryId,
    nextUri: `https://trino.example.com/v1/statement/queued/${ticket.queryId}/${slugOf(ticket, key)}/8`,
    stats: { state: 'QUEUED', queuedTimeMillis: 2_500 },
  });
  expect(seen).toMatchObject({ exchanges: 0, passed: 1, waits: [ticket.queryId], taken: 0 });
});

test('when there is more to say it becomes an exchange, which gives back its room when it closes', () => {
  const { seen, end, answer } = begin();
  end('changed');
  expect(seen).toMatchObject({ given: [], exchanges: 1, passed: 0, taken: 1 });
  answer.emit('close');
  expect(seen.taken).toBe(0);
});

test('when its client goes, or closes its side, it becomes an exchange, which sees to that', () => {
  const { held, seen } = begin();
  held?.disturbed();
  expect(seen).toMatchObject({ left: 1, exchanges: 1, given: [] });
});

describe('it is an exchange from its beginning, and takes no room,', () => {
  test.each<[string, Partial<WaitingPollsDeps>, string]>([
    ['without a key', { gateway: { signingKey: () => undefined } }, ''],
    [
      'with a link that this suite has not made',
      { gateway: { signingKey: () => createSecretKey(Buffer.alloc(32)) } },
      '',
    ],
    ['when its query is on its way to a cluster', { dispatches: { has: () => true } }, ''],
    ['with a time limit of its client', {}, '?limit=run-1000-2000'],
    ['when its client is not attended', { attendance: { keep: () => undefined, waits: () => {} } }, ''],
  ])('%s', (_, overrides, target) => {
    const { held, seen } = begin(overrides, target);
    expect(held).toBeUndefined();
    expect(seen.taken).toBe(0);
  });

  test('by a link of a query that runs, which no waiting one has', () => {
    expect(begin({}, '', 'executing').held).toBeUndefined();
  });

  test('when there is no room', () => {
    expect(begin({ limits: { roomOf: () => undefined } }).held).toBeUndefined();
  });
});
