import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { literalSelect } from '@trino-gateway/sql/literal-select';
import {
  calledPage,
  failedPage,
  literalPage,
  queuedPage,
  type TrinoErrorName,
  trinoErrors,
} from '@trino-gateway/trino';
import { infoUri } from '../http/client-address.ts';
import { errorName, type Refusal } from './refusal.ts';

// What the gateway itself has to say of a statement is told as Trino tells it: the POST answers a QUEUED page and the first poll
// the last page, since clients lose or mistreat an error in the answer to their POST. The link holds that answer and is signed
// with the suite's key, so any router answers it and nothing is stored.

/** How a statement ended that no cluster got: it was refused, or the gateway itself has carried it out. */
export type SignedAnswer =
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'carriedOut' }
  /** A SELECT of one literal, which keeps a connection alive. */
  | { kind: 'literal'; statement: string };

export type SignedAnswerInput = {
  answer: SignedAnswer;
  /** The suite's signing key. */
  key: KeyObject;
  /** The gateway's side of links (`outsideUrl`), such as `https://gw.example:8443`. */
  origin: string;
  /** A temporary id of the gateway's own. */
  queryId: string;
  /** Epoch milliseconds. */
  nowMs: number;
};

/** A verified answer: the page, the same for every poll, and its error if it is one. */
export type VerifiedAnswer = { page: string; error?: { name: TrinoErrorName; code: number; message: string } };

/** In a link in place of an error's name; all routers of a suite read it. */
const CARRIED_OUT = 'CALLED';
const LITERAL = 'LITERAL';

type Payload = { name: TrinoErrorName | typeof CARRIED_OUT | typeof LITERAL; message: string; time: number };

const VALID_FOR_MS = 6 * 3_600_000;
/** Of JSON. In base64url, with signature, path and origin, the link stays below 4 KB. */
const MOST_PAYLOAD_BYTES = 2_700;
/** The only token such a link has. */
const TOKEN = 1;

/** The answer to the POST: a QUEUED page whose nextUri holds the signed answer. */
export function signedAnswerPage({ answer, key, origin, queryId, nowMs }: SignedAnswerInput): string {
  const payload = Buffer.from(payloadText(answer, nowMs)).toString('base64url');
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
 * Reads such a link. Undefined when it was not signed with this key for this id and token, or is older than six hours: it is 404
 * then like any unknown one.
 */
export function readSignedAnswer(
  link: { queryId: string; slug: string; token: number },
  { key, origin, nowMs }: Pick<SignedAnswerInput, 'key' | 'origin' | 'nowMs'>,
): VerifiedAnswer | undefined {
  const at = link.slug.indexOf('.');
  if (at < 1 || link.token !== TOKEN) return undefined;
  const payload = link.slug.slice(0, at);
  const given = Buffer.from(link.slug.slice(at + 1), 'base64url');
  const expected = signature(key, link.queryId, payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const { name, message, time } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload;
  if (nowMs - time > VALID_FOR_MS) return undefined;
  const query = { id: link.queryId, infoUri: infoUri(origin, link.queryId) };
  if (name === CARRIED_OUT) return { page: calledPage(query) };
  if (name === LITERAL) {
    const selected = literalSelect(message);
    return selected && { page: literalPage({ ...query, ...selected }) };
  }
  const known = errorName(name);
  const page = failedPage({ ...query, error: { name: known, message } });
  return { page, error: { name: known, code: trinoErrors[known].code, message } };
}

function payloadText(answer: SignedAnswer, time: number): string {
  const json = (payload: Payload) => JSON.stringify(payload);
  if (answer.kind === 'carriedOut') return json({ name: CARRIED_OUT, message: '', time });
  if (answer.kind === 'literal') return json({ name: LITERAL, message: answer.statement, time });
  const { message } = answer.refusal;
  const name = errorName(answer.refusal.name);
  const text = (length: number) => {
    const cut = length < message.length ? `${message.slice(0, length)}…` : message;
    return json({ name, message: cut.toWellFormed(), time });
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
