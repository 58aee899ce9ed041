import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Exchange } from '../http/exchange.ts';
import { resubmission, sealStatement, unsealStatement, type WaitingStatement } from './sealed-statement.ts';
import { newTicket } from './ticket.ts';

const client = {
  ip: '10.0.0.1',
  scheme: 'https',
  authority: 'gw',
  prefix: '',
  host: 'gw',
  forwardedFor: '10.0.0.1',
} as const;
const exchangeOf = (rawHeaders: readonly string[], more: object = {}) =>
  ({ rawHeaders, listeningPort: 8080, client, presto: false, ...more }) as unknown as Exchange;

function waiting(rawHeaders: readonly string[], more: object = {}): WaitingStatement {
  const ticket = newTicket('20261121_080808_00001_0abcd');
  const body = Buffer.concat([Buffer.from('SELECT 1'), Buffer.of(0xff)]);
  const submission = {
    id: 's',
    exchange: exchangeOf(rawHeaders, more),
    body,
    statement: '',
    user: 'alice',
    submittedAt: 7,
  };
  const opened = unsealStatement(
    sealStatement(submission, { groupId: 'g', decidedBy: 'policy p', requestSource: 'x' }, ticket),
    ticket,
  );
  if (opened === undefined) throw new Error('cannot be opened');
  expect(
    unsealStatement(sealStatement(submission, { groupId: '', decidedBy: '', requestSource: '' }, ticket), {
      ...ticket,
      secret: randomBytes(20),
    }),
  ).toBeUndefined();
  expect(opened.body.equals(body)).toBe(true);
  return opened;
}

const stored = ['Authorization', 'old', 'X-Trino-User', 'alice', 'Cookie', 'a=1', 'X-Trino-Session', 'a=b'];

test.each<[string, string[], string[], string[]]>([
  ['a poll without credentials leaves those of the statement', stored, [], stored],
  [
    'newer ones take the place of older ones of the same kind',
    stored,
    ['authorization', 'new', 'X-Trino-User', 'mallory'],
    ['X-Trino-User', 'alice', 'Cookie', 'a=1', 'X-Trino-Session', 'a=b', 'authorization', 'new'],
  ],
  [
    'repeated lines stay repeated',
    ['X-Trino-Extra-Credential', 'a=1', 'X-Trino-User', 'alice'],
    ['X-Trino-Extra-Credential', 'a=2', 'X-Trino-Extra-Credential', 'b=3'],
    ['X-Trino-User', 'alice', 'x-trino-extra-credential', 'a=2', 'x-trino-extra-credential', 'b=3'],
  ],
])('%s', (_, headers, poll, expected) => {
  const { exchange } = resubmission(waiting(headers), exchangeOf(poll));
  expect(exchange.rawHeaders).toEqual(expected);
});

const basic = (text: string) => ['Authorization', `Basic ${Buffer.from(text).toString('base64')}`];

test.each([
  ['the password of somebody else', [...basic('alice:a'), 'X-Trino-User', 'carol'], basic('mallory:m')],
  [
    'a token, where the password says whose it is',
    [...basic('bi:b'), 'X-Trino-User', 'carol'],
    ['Authorization', 'Bearer x'],
  ],
  ['a password that names somebody, where nobody was named', ['Authorization', 'Bearer x'], basic('mallory:m')],
])('%s in a poll is ignored: the statement would run as another user than it counts for', (_, headers, poll) => {
  const { exchange } = resubmission(waiting(headers), exchangeOf(poll));
  expect(exchange.rawHeaders).toEqual(headers);
});

test('whom the gateway has checked the submission says: by that it is decided whether a cluster gets the password of a poll', () => {
  const checked = waiting(['X-Trino-User', 'alice'], { user: 'alice' });
  expect(resubmission(checked, exchangeOf(basic('alice:a'))).exchange.user).toBe('alice');
});

test('the client stays as it was at the submission, whatever headers its polls have', () => {
  const kept = waiting(['X-Trino-User', 'alice'], { presto: true, listeningPort: 9090 });
  const submission = resubmission(kept, exchangeOf([]));
  expect(submission).toMatchObject({
    id: 's',
    user: 'alice',
    submittedAt: 7,
    exchange: { presto: true, listeningPort: 9090 },
  });
});
