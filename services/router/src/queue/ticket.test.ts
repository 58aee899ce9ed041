import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createTicketReader, newTicket, readTicket, slugOf, waitingPage } from './ticket.ts';

const key = createSecretKey(randomBytes(32));
const queryId = '20261121_080808_00001_0abcd';

test('a link leads back to its ticket, and holds a secret of at least 128 bits', () => {
  const ticket = newTicket(queryId);
  const slug = slugOf(ticket, key);
  expect(ticket.secret.length * 8).toBeGreaterThanOrEqual(128);
  expect(readTicket({ queryId, slug }, key)).toEqual({ queryId, secret: new Uint8Array(ticket.secret) });
  expect(slugOf(newTicket(queryId), key)).not.toBe(slug);
});

test('a link that this suite has not made for this id is unknown', () => {
  const slug = slugOf(newTicket(queryId), key);
  expect(readTicket({ queryId: queryId.replace('00001', '00002'), slug }, key)).toBeUndefined();
  expect(readTicket({ queryId, slug }, createSecretKey(randomBytes(32)))).toBeUndefined();
  for (const wrong of ['', 'y', 'y00', slug.slice(1), slug.toUpperCase(), `${slug}0`, `y${'0'.repeat(64)}`])
    expect(readTicket({ queryId, slug: wrong }, key)).toBeUndefined();
  for (let at = 1; at < slug.length; at += 1) {
    const changed = slug.slice(0, at) + (slug[at] === '0' ? '1' : '0') + slug.slice(at + 1);
    expect(readTicket({ queryId, slug: changed }, key)).toBeUndefined();
  }
});

test('a ticket that is remembered keeps the bytes of its secret, and none of the pool that they were read into', () => {
  const ticket = readTicket({ queryId, slug: slugOf(newTicket(queryId), key) }, key);
  expect(ticket?.secret.buffer.byteLength).toBe(20);
});

test('a ticket that was read before is known for its own id and key alone', () => {
  const read = createTicketReader();
  const slug = slugOf(newTicket(queryId), key);
  const ticket = read({ queryId, slug }, key);
  expect(ticket).toBeDefined();
  expect(read({ queryId, slug }, createSecretKey(key.export()))).toBe(ticket);
  expect(read({ queryId: queryId.replace('00001', '00002'), slug }, key)).toBeUndefined();
  expect(read({ queryId, slug }, createSecretKey(randomBytes(32)))).toBeUndefined();
  expect(read({ queryId, slug }, key)).toBe(ticket);
});

test('a page of a waiting query says how long it has waited', () => {
  const page = JSON.parse(
    waitingPage({
      origin: 'https://gw',
      ticket: newTicket(queryId),
      slug: 'y1',
      token: 7,
      queuedMs: 65_000.4,
      limit: undefined,
    }),
  );
  expect(page).toMatchObject({
    id: queryId,
    nextUri: `https://gw/v1/statement/queued/${queryId}/y1/7`,
    stats: { state: 'QUEUED', queued: true, queuedTimeMillis: 65_000, elapsedTimeMillis: 65_000 },
  });
});

test('further pages of a query differ by their links and times, and by the address that its client used', () => {
  const ticket = newTicket(queryId);
  const pages = [
    { origin: 'https://gw', token: 7, queuedMs: 7_000 },
    { origin: 'https://gw', token: 8, queuedMs: 8_000 },
    { origin: 'http://"other"', token: 9, queuedMs: 9_000 },
  ].map((page) => JSON.parse(waitingPage({ ...page, ticket, slug: 'y1', limit: undefined })));
  expect(pages.map(({ nextUri, stats }) => [nextUri, stats.queuedTimeMillis])).toEqual([
    [`https://gw/v1/statement/queued/${queryId}/y1/7`, 7_000],
    [`https://gw/v1/statement/queued/${queryId}/y1/8`, 8_000],
    [`http://"other"/v1/statement/queued/${queryId}/y1/9`, 9_000],
  ]);
});
