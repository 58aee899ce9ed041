import { expect, test } from '@jest/globals';
import type { AnswerTaker, BodySink, DirectConnection, ResponseHead } from '@trino-gateway/wire';
import { DirectPoll, MOST_PAGE_BYTES, type PollEnds, type SentPoll } from './direct-poll.ts';

const source = { pause: () => {}, resume: () => {}, abandon: () => {} };
const JSON_TYPE = [
  'Content-Type',
  'application/json',
  'Date',
  'Mon, 01 Jan 2024 00:00:00 GMT',
  'X-Trino-Other',
  'kept',
];

function headOf(body: ResponseHead['body'], status = 200, rawHeaders = JSON_TYPE): ResponseHead {
  return { status, reason: 'OK', rawHeaders, block: {}, length: 0, body, keepsAlive: true };
}

/** A poll under way, and what becomes of it; `isExpected` false: the exchange is refused before it asks. */
function begin(isExpected = true) {
  const seen = { given: [] as string[], carried: 0, abandoned: 0, passed: [] as string[], exchange: [] as string[] };
  const body: BodySink = {
    push: (chunk) => void seen.exchange.push(`push ${chunk.length}`),
    over: (complete) => void seen.exchange.push(`over ${complete}`),
  };
  const taker: AnswerTaker = {
    answered: ({ status }) => {
      seen.exchange.push(`answered ${status}`);
      return body;
    },
    failed: (error) => void seen.exchange.push(`failed ${error.message}`),
    unusual: (_socket, unread) => void seen.exchange.push(`unusual ${unread}`),
  };
  const ends: PollEnds = {
    passed: (_poll, _answer, _head, page) => void seen.passed.push(page.toString()),
    carry: (carried) => {
      seen.carried += 1;
      if (isExpected) carried.expect(taker);
    },
  };
  const connection = {
    closingLines: 'Connection: keep-alive\r\n',
    give: (answer: Buffer) => void seen.given.push(answer.toString('latin1')),
    carry: () => ({}),
  } as unknown as DirectConnection;
  const sent = { upstream: { abandon: () => (seen.abandoned += 1) } } as unknown as SentPoll;
  return { poll: new DirectPoll(connection, sent, ends), seen };
}

test('a page that comes at once is given with its head in one piece', () => {
  const { poll, seen } = begin();
  const sink = poll.answered(headOf({ kind: 'length', bytes: 4 }), source);
  sink.push(Buffer.from('page'));
  sink.over(true);
  expect(seen).toMatchObject({ passed: ['page'], carried: 0, exchange: [] });
  expect(seen.given).toEqual([
    'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Trino-Other: kept\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n' +
      'Content-Length: 4\r\nConnection: keep-alive\r\n\r\npage',
  ]);
});

test.each(['length', 'chunked'] as const)('a page with %s that comes in pieces is given when it is whole', (kind) => {
  const { poll, seen } = begin();
  const sink = poll.answered(headOf(kind === 'length' ? { kind, bytes: 8 } : { kind }), source);
  sink.push(Buffer.from('half'));
  expect(seen.given).toEqual([]);
  sink.lend?.([Buffer.from('ha'), Buffer.from('lf')]);
  sink.over(true);
  expect(seen.passed).toEqual(['halfhalf']);
  expect(seen.given).toHaveLength(1);
  expect(seen.carried).toBe(0);
});

const unusual: [string, ResponseHead][] = [
  ['another status', headOf({ kind: 'length', bytes: 4 }, 404)],
  ['no body', headOf({ kind: 'none' })],
  ['a long page', headOf({ kind: 'length', bytes: MOST_PAGE_BYTES + 1 })],
  ['something that is no page', headOf({ kind: 'length', bytes: 4 }, 200, ['Content-Type', 'text/html', 'Date', 'x'])],
  ['no date', headOf({ kind: 'length', bytes: 4 }, 200, ['Content-Type', 'application/json'])],
  [
    'a transaction',
    headOf({ kind: 'length', bytes: 4 }, 200, [...JSON_TYPE, 'X-Trino-Started-Transaction-Id', 'some-id']),
  ],
];

test.each(unusual)('an answer with %s goes to an exchange, all of it', (_title, head) => {
  const { poll, seen } = begin();
  const sink = poll.answered(head, source);
  sink.push(Buffer.from('page'));
  sink.over(true);
  expect(seen.exchange).toEqual([`answered ${head.status}`, 'push 4', 'over true']);
  expect(seen).toMatchObject({ carried: 1, given: [], passed: [] });
});

test('a page without an end that is told, and longer than is kept, goes on to an exchange with what has come', () => {
  const { poll, seen } = begin();
  const sink = poll.answered(headOf({ kind: 'chunked' }), source);
  sink.push(Buffer.alloc(40_000));
  sink.push(Buffer.alloc(40_000));
  sink.lend?.([Buffer.alloc(3)]);
  sink.over(true);
  expect(seen.exchange).toEqual(['answered 200', 'push 40000', 'push 40000', 'push 3', 'over true']);
});

test('a page that breaks off goes to an exchange as a broken one', () => {
  const { poll, seen } = begin();
  const sink = poll.answered(headOf({ kind: 'length', bytes: 8 }), source);
  sink.push(Buffer.from('half'));
  sink.over(false);
  expect(seen.exchange).toEqual(['answered 200', 'push 4', 'over false']);
  expect(seen.given).toEqual([]);
});

test('a client that has gone, before the head or behind it, is told of to an exchange, once', () => {
  const before = begin();
  before.poll.disturbed();
  before.poll.disturbed();
  before.poll.failed(new Error('gone'), { isReused: false, hasBegun: false });
  expect(before.seen).toMatchObject({ carried: 1, exchange: ['failed gone'] });
  const behind = begin();
  const sink = behind.poll.answered(headOf({ kind: 'length', bytes: 8 }), source);
  sink.push(Buffer.from('half'));
  behind.poll.disturbed();
  sink.push(Buffer.from('half'));
  sink.over(true);
  expect(behind.seen).toMatchObject({ carried: 1, exchange: ['answered 200', 'push 4', 'push 4', 'over true'] });
});

test('a connection that fails, or answers in another form, is told of to an exchange', () => {
  const failing = begin();
  failing.poll.failed(new Error('refused'), { isReused: false, hasBegun: false });
  expect(failing.seen.exchange).toEqual(['failed refused']);
  const other = begin();
  other.poll.unusual({} as never, Buffer.from('HTTP/1.0'));
  expect(other.seen.exchange).toEqual(['unusual HTTP/1.0']);
});

test('an exchange that is refused before it asks leaves nothing under way', () => {
  const { poll, seen } = begin(false);
  const sink = poll.answered(headOf({ kind: 'length', bytes: 4 }, 500), source);
  sink.push(Buffer.from('page'));
  sink.over(true);
  expect(seen).toMatchObject({ abandoned: 1, exchange: [], given: [] });
});
