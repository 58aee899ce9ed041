import { pageWithWait, withoutHeaders, withoutHopByHop } from '@trino-gateway/trino';
import { headersForClient } from '../clusters/relay.ts';
import { plainBytes, withLinksReplaced } from '../dispatch/first-page.ts';
import type { FirstPage } from '../dispatch/post-statement.ts';
import type { Placement } from '../dispatch/submission.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { sealRecord, unsealRecord } from './seal.ts';
import type { Ticket } from './ticket.ts';

/** A cluster's first page, kept for every poll of the temporary id. */
export type KeptAnswer = {
  rawHeaders: readonly string[];
  /** Plain, with links below `origin`. */
  page: Buffer;
  /** The gateway's side of the links that pass the router (`outsideUrl`); empty when they lead to the cluster. */
  origin: string;
  /** The client that submitted it speaks X-Presto-*. */
  presto: boolean;
  placement: Placement;
};

const ofThisBody: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'etag', 'content-md5']);

/** What is kept of a first page; undefined when it cannot be read. */
export function keptAnswer(
  { answer, bytes }: FirstPage,
  facts: Pick<KeptAnswer, 'origin' | 'presto' | 'placement'>,
  waitedMs: number,
): KeptAnswer | undefined {
  const plain = plainBytes(answer, bytes);
  if (plain === undefined) return undefined;
  const rawHeaders = withoutHeaders(withoutHopByHop(answer.rawHeaders), ofThisBody);
  const linked = answer.rewrite === undefined ? plain : withLinksReplaced(plain, answer.rewrite);
  // The client has read how long it waited: its times must not begin anew.
  const page = pageWithWait(linked, waitedMs, { marksLink: facts.origin !== '' });
  return { rawHeaders, page, ...facts };
}

/** Encrypts it: only the link opens it. */
export function sealAnswer({ page, ...facts }: KeptAnswer, { queryId, secret }: Ticket): Uint8Array<ArrayBuffer> {
  return sealRecord(facts, page, { kind: 'answer', queryId, secret });
}

/** What was sealed; undefined when it cannot be opened with this ticket. */
export function unsealAnswer(sealed: Uint8Array, { queryId, secret }: Ticket): KeptAnswer | undefined {
  const record = unsealRecord(sealed, { kind: 'answer', queryId, secret });
  return record && { ...(record.facts as Omit<KeptAnswer, 'page'>), page: record.bytes };
}

/** Answers with it, with links to the address this client used. */
export function answerKept(exchange: Exchange, kept: KeptAnswer, extraHeaders: readonly string[]): void {
  const { response, client } = exchange;
  if (response.headersSent || response.destroyed) return;
  const outside = outsideUrl(client);
  const isElsewhere = kept.origin !== '' && kept.origin !== outside;
  const options = { backendUrls: [kept.origin], outsideUrl: outside };
  const page = isElsewhere ? withLinksReplaced(kept.page, options) : kept.page;
  const presto = exchange.presto || kept.presto;
  response.writeHead(200, undefined, [
    ...headersForClient({ ...exchange, presto }, kept.rawHeaders, { bodyChanges: true }),
    'Content-Length',
    String(page.length),
    ...extraHeaders,
  ]);
  response.end(page);
}
