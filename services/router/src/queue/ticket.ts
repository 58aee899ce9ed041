import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { queuedPages, type TimeLimit, timeLimitMessage } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import { infoUri } from '../http/client-address.ts';

// The link of a statement that waits carries its secret, which alone authorises polls. A code made of it with the suite's signing key
// tells guessed links apart, so that a poll can be answered while the gatewayserver is down. The client's own time limit stands
// in the link as well, for the same reason. It is not signed: whoever changes it changes what they are told, and nothing else.

/** A statement that waits, as its client knows it. */
export type Ticket = {
  /** The temporary id. */
  queryId: string;
  /** 160 bits. */
  secret: Uint8Array;
};

/** The client's own limit for its wait, and what was left of it when the query was queued. */
export type LimitLeft = TimeLimit & { leftMs: number };

const SECRET_BYTES = 20;
const MARK_BYTES = 12;
const shape = /^y[0-9a-f]{64}$/;
const limitParameter = /[?&]limit=(run|queued)-(\d{1,10})-(\d{1,10})(?!\d)/;

/** A ticket for this id. */
export function newTicket(queryId: string): Ticket {
  return { queryId, secret: randomBytes(SECRET_BYTES) };
}

/** The slug of its links. */
export function slugOf(ticket: Ticket, key: KeyObject): string {
  return `y${Buffer.from(ticket.secret).toString('hex')}${mark(ticket, key).toString('hex')}`;
}

/** The ticket in a link; undefined when this suite has not made it. */
export function readTicket({ queryId, slug }: { queryId: string; slug: string }, key: KeyObject): Ticket | undefined {
  if (!shape.test(slug)) return undefined;
  const bytes = Buffer.from(slug.slice(1), 'hex');
  // A copy: it is remembered, and a part of Node's pool would keep all 64 KB of it.
  const ticket = { queryId, secret: Uint8Array.from(bytes.subarray(0, SECRET_BYTES)) };
  return timingSafeEqual(bytes.subarray(SECRET_BYTES), mark(ticket, key)) ? ticket : undefined;
}

/** Reads a ticket, as {@link readTicket} does. */
export type TicketReader = typeof readTicket;

/** Beyond it the least recently polled is forgotten, and its code is checked anew. */
const REMEMBERED = 50_000;

/** Remembers the tickets it has read: their clients poll once a second. */
export function createTicketReader(): TicketReader {
  const known = new LRUCache<string, { ticket: Ticket; key: KeyObject }>({ max: REMEMBERED });
  return (link, key) => {
    const found = known.get(link.slug);
    if (found?.ticket.queryId === link.queryId && (found.key === key || found.key.equals(key))) return found.ticket;
    const ticket = readTicket(link, key);
    if (ticket !== undefined) known.set(link.slug, { ticket, key });
    return ticket;
  };
}

/** What a waiting client reads: `token` of the next link, and how long it has waited, in milliseconds. */
export type WaitingPage = {
  origin: string;
  ticket: Ticket;
  slug: string;
  token: number;
  queuedMs: number;
  limit: LimitLeft | undefined;
};

/** Of each query, the part of its pages that does not change: its client gets one a second. */
const pages = new WeakMap<Ticket, { origin: string; slug: string; pageOf: ReturnType<typeof queuedPages> }>();

/** Trino's QUEUED page for a statement that waits here. */
export function waitingPage({ origin, ticket, slug, token, queuedMs, limit }: WaitingPage): string {
  let known = pages.get(ticket);
  if (known?.origin !== origin || known.slug !== slug) {
    const { queryId: id } = ticket;
    const linksBelow = `${origin}/v1/statement/queued/${id}/${slug}/`;
    known = { origin, slug, pageOf: queuedPages({ id, infoUri: infoUri(origin, id), linksBelow }) };
    pages.set(ticket, known);
  }
  return known.pageOf({ link: `${token}${limitInLink(limit)}`, elapsedMillis: queuedMs, queuedMillis: queuedMs });
}

/** The part of the link, with its question mark; empty where there is no limit. */
function limitInLink(limit: LimitLeft | undefined): string {
  return limit === undefined ? '' : `?limit=${limit.kind}-${Math.ceil(limit.leftMs)}-${Math.ceil(limit.ms)}`;
}

/** The limit in the target of a poll. */
export function limitOfLink(target: string): LimitLeft | undefined {
  const [, kind, left, all] = limitParameter.exec(target) ?? [];
  if (kind !== 'run' && kind !== 'queued') return undefined;
  const ms = Number(all);
  return { kind, ms, leftMs: Number(left), message: timeLimitMessage(kind, `${(ms / 1_000).toFixed(2)}s`) };
}

function mark({ queryId, secret }: Ticket, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(`queue\n${queryId}\n`).update(secret).digest().subarray(0, MARK_BYTES);
}
