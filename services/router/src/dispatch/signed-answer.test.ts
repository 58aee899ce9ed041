import { createSecretKey } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { classifyRequest } from '@trino-gateway/trino';
import { readSignedAnswer, type SignedAnswer, signedAnswerPage } from './signed-answer.ts';

const key = createSecretKey(new Uint8Array(32).fill(1));
const origin = 'https://gw.example:8443';
const nowMs = Date.parse('2026-11-21T08:08:08Z');
const queryId = '20261121_080808_00000_0aaaa';

const refuse = (message: string, name = 'NO_NODES_AVAILABLE') => sign({ kind: 'refused', refusal: { name, message } });

function sign(answer: SignedAnswer) {
  const page = JSON.parse(signedAnswerPage({ answer, key, origin, queryId, nowMs }));
  const request = classifyRequest({ method: 'GET', target: String(page.nextUri).slice(origin.length) });
  if (request.kind !== 'poll') throw new Error(`the link is not a poll: ${request.kind}`);
  return { page, link: { queryId: request.queryId, slug: request.slug, token: request.token } };
}

test('a refusal is a QUEUED page whose first poll fails the query: clients lose errors in POST answers', () => {
  const { page, link } = refuse('no cluster is there');
  expect(page).toMatchObject({ id: queryId, stats: { state: 'QUEUED' } });
  expect(page.error).toBeUndefined();
  const failed = JSON.parse(readSignedAnswer(link, { key, origin, nowMs })?.page ?? 'null');
  expect(failed).toMatchObject({
    id: queryId,
    stats: { state: 'FAILED' },
    error: { errorName: 'NO_NODES_AVAILABLE', errorCode: 65541, message: 'no cluster is there' },
  });
  expect(failed.nextUri).toBeUndefined();
});

test('any router with the same key answers, and each poll gets the same bytes', () => {
  const { link } = refuse('no');
  const first = readSignedAnswer(link, { key: createSecretKey(key.export()), origin, nowMs });
  const later = readSignedAnswer(link, { key, origin, nowMs: nowMs + 60_000 });
  expect(first?.page).toBe(later?.page);
  expect(first?.error).toEqual({ name: 'NO_NODES_AVAILABLE', code: 65541, message: 'no' });
});

test('a link that was tampered with, is too old, or was signed with another key is unknown', () => {
  const { link } = refuse('no');
  const context = { key, origin, nowMs };
  const [payload = '', mac = ''] = link.slug.split('.');
  const forged = Buffer.from(JSON.stringify({ name: 'SYNTAX_ERROR', message: 'x', time: nowMs })).toString('base64url');
  expect(readSignedAnswer(link, context)).toBeDefined();
  expect(readSignedAnswer({ ...link, slug: `${forged}.${mac}` }, context)).toBeUndefined();
  expect(readSignedAnswer({ ...link, slug: `${payload}.${mac.slice(1)}` }, context)).toBeUndefined();
  expect(readSignedAnswer({ ...link, slug: payload }, context)).toBeUndefined();
  expect(readSignedAnswer({ ...link, slug: `.${mac}` }, context)).toBeUndefined();
  expect(readSignedAnswer({ ...link, token: 2 }, context)).toBeUndefined();
  expect(readSignedAnswer({ ...link, queryId: `${queryId.slice(0, -1)}z` }, context)).toBeUndefined();
  expect(readSignedAnswer(link, { ...context, key: createSecretKey(new Uint8Array(32).fill(2)) })).toBeUndefined();
  expect(readSignedAnswer(link, { ...context, nowMs: nowMs + 7 * 3_600_000 })).toBeUndefined();
});

test.each([
  ['ascii', 'x'.repeat(100_000)],
  ['escapes', '"\\\n'.repeat(50_000)],
  ['three bytes each', '€'.repeat(100_000)],
  ['surrogate pairs', '😀'.repeat(100_000)],
])('a long message (%s) is cut, so that no balancer refuses the link', (_, message) => {
  const { page, link } = refuse(message);
  expect(page.nextUri.length).toBeLessThan(4_096);
  const shown = readSignedAnswer(link, { key, origin, nowMs })?.error?.message ?? '';
  expect(shown.length).toBeGreaterThan(300);
  expect(shown.endsWith('…')).toBe(true);
  expect(shown.isWellFormed()).toBe(true);
});

test('a message that fits is not cut', () => {
  const message = `cluster "a" is full; ${'€'.repeat(500)}`;
  expect(readSignedAnswer(refuse(message).link, { key, origin, nowMs })?.error?.message).toBe(message);
});

test('an error name that Trino does not have is replaced by one it has: clients map it', () => {
  expect(readSignedAnswer(refuse('no', 'toString').link, { key, origin, nowMs })?.error?.name).toBe('QUERY_REJECTED');
});

test('a CALL that the gateway has carried out ends well: its last page has no error', () => {
  const answer = readSignedAnswer(sign({ kind: 'carriedOut' }).link, { key, origin, nowMs });
  expect(JSON.parse(answer?.page ?? 'null')).toMatchObject({ id: queryId, stats: { state: 'FINISHED' } });
  expect(answer?.error).toBeUndefined();
});
