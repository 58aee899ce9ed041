import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  calledPage,
  failedPage,
  queuedPage,
  type TrinoErrorName,
  temporaryQueryId,
  trinoErrors,
} from '@trino-gateway/trino';

// Clients lose or mistreat an error in the answer to their POST, so a refusal is told as Trino fails a query: the POST
// answers a QUEUED page and the first poll its error. The link holds all there is to say and is signed with the suite's
// key, so any router answers it and nothing is stored.

/**
 * Why a statement is refused. A name that Trino does not have is told as QUERY_REJECTED; `calledName` says that it was a CALL
 * carried out by the gateway itself.
 */
export type Refusal = { name: string; message: string };

export type RefusalPageInput = {
  refusal: Refusal;
  /** The suite's refusal key. */
  key: KeyObject;
  /** Scheme and authority the client used, such as `https://gw.example:8443`. */
  origin: string;
  /** A temporary id of the gateway's own. */
  queryId: string;
  /** Epoch milliseconds. */
  nowMs: number;
};

/** Instead of an error's name: the statement was a CALL, and it is done. */
export const calledName = 'CALLED';

/** A verified refusal: the page to answer, the same for every poll, and what it says; no error when it is none. */
export type ReadRefusal = { page: string; error?: { name: TrinoErrorName; code: number; message: string } };

type Payload = { name: TrinoErrorName | typeof calledName; message: string; time: number };

const VALID_FOR_MS = 6 * 3_600_000;
/** Of JSON. In base64url, with signature, path and origin, the link stays below 4 KB. */
const MOST_PAYLOAD_BYTES = 2_700;
/** The only token such a link has. */
const TOKEN = 1;

/** The answer to the POST of a refused statement: a QUEUED page whose nextUri is the refusal itself. */
export function refusalPage({ refusal, key, origin, queryId, nowMs }: RefusalPageInput): string {
  const payload = Buffer.from(payloadText(refusal, nowMs)).toString('base64url');
  const slug = `${payload}.${signature(key, queryId, payload).toString('base64url')}`;
  return queuedPage({
    id: queryId,
    infoUri: infoUri(origin, queryId),
    nextUri: `${origin}/v1/statement/queued/${queryId}/${slug}/${TOKEN}`,
    elapsedMillis: 0,
    queuedMillis: 0,
  });
}

/**
 * Reads the link of a refusal. Undefined when it was not signed with this key for this id and token, or is older than six
 * hours: such a link is 404 like any unknown one. A DELETE of a link that is valid answers 204.
 */
export function readRefusalLink(
  link: { queryId: string; slug: string; token: number },
  context: { key: KeyObject; origin: string; nowMs: number },
): ReadRefusal | undefined {
  const at = link.slug.indexOf('.');
  if (at < 1 || link.token !== TOKEN) return undefined;
  const payload = link.slug.slice(0, at);
  const given = Buffer.from(link.slug.slice(at + 1), 'base64url');
  const expected = signature(context.key, link.queryId, payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const { name, message, time } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload;
  if (context.nowMs - time > VALID_FOR_MS) return undefined;
  if (name === calledName)
    return { page: calledPage({ id: link.queryId, infoUri: infoUri(context.origin, link.queryId) }) };
  const known = errorName(name);
  const page = failedPage({
    id: link.queryId,
    infoUri: infoUri(context.origin, link.queryId),
    error: { name: known, message },
  });
  return { page, error: { name: known, code: trinoErrors[known].code, message } };
}

/** Makes ids for statements that never reach a cluster. */
export function createTemporaryIds(random: (bytes: number) => Uint8Array): (nowMs: number) => string {
  let counter = 0;
  return (nowMs) => temporaryQueryId(new Date(nowMs), counter++, random(4));
}

/** Trino's error of that name, also for a wait that was too long; QUERY_REJECTED when it has none. */
export function errorName(name: string): TrinoErrorName {
  if (name === 'EXCEEDED_QUEUED_TIME_LIMIT') return 'EXCEEDED_TIME_LIMIT';
  return Object.hasOwn(trinoErrors, name) ? (name as TrinoErrorName) : 'QUERY_REJECTED';
}

function payloadText({ name, message }: Refusal, time: number): string {
  const text = (length: number) => {
    const cut = length < message.length ? `${message.slice(0, length)}…` : message;
    const told = name === calledName ? name : errorName(name);
    return JSON.stringify({ name: told, message: cut.toWellFormed(), time } satisfies Payload);
  };
  const fits = (length: number) => Buffer.byteLength(text(length)) <= MOST_PAYLOAD_BYTES;
  let most = Math.min(message.length, MOST_PAYLOAD_BYTES);
  if (fits(most) && most === message.length) return text(most);
  let least = 0;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle - 1;
  }
  return text(least);
}

function signature(key: KeyObject, queryId: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`refusal\n${queryId}\n${payload}`).digest();
}

/** Where a browser sees what became of a query. */
export const infoUri = (origin: string, queryId: string) => `${origin}/ui/query.html?${queryId}`;
