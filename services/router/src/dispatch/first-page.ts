import {
  coordinatorSuffix,
  firstHeader,
  LinkRewriter,
  type LinkRewriterOptions,
  normalizedOrigin,
  PageScanner,
  queryIdIn,
  restBelow,
  withoutHeaders,
} from '@trino-gateway/trino';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { inflate } from '../clusters/inflate.ts';
import type { ClientView } from '../http/client-address.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { CoordinatorLinks } from '../stickiness/coordinator-links.ts';

/** A first page may have so many bytes, inflated or not. */
export const FIRST_PAGE_BYTES = 4_194_304;

/** The bytes of an answer as they are without compression; undefined when they cannot be read. */
export function plainBytes({ rawHeaders }: Pick<ClusterAnswer, 'rawHeaders'>, bytes: Buffer): Buffer | undefined {
  const encoding = firstHeader(rawHeaders, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  return inflate(bytes, encoding, { isPart: false, maxOutputLength: FIRST_PAGE_BYTES });
}

/** A page with an id, and no link of another query; undefined for anything else under status 200, such as the page of a balancer. */
export function readFirstPage(answer: ClusterAnswer, bytes: Buffer): PageScanner | undefined {
  const plain = plainBytes(answer, bytes);
  if (plain === undefined) return undefined;
  const page = new PageScanner();
  page.push(plain);
  return page.complete && page.id !== undefined && isLinkOf(page.id, page.nextUri) ? page : undefined;
}

/** Polls go by the id in the link: it must not be another query's, perhaps of another cluster. */
function isLinkOf(id: string, nextUri: string | undefined): boolean {
  return (queryIdIn(nextUri ?? '') ?? id) === id;
}

/** Whether the link leads to neither the client's side of the gateway nor the cluster: credentials must not go there. */
export function leadsElsewhere({ url }: Coordinator, { nextUri = '' }: PageScanner, client: ClientView): boolean {
  const origin = normalizedOrigin(nextUri);
  return origin !== undefined && ![outsideUrl(client), url].map(normalizedOrigin).includes(origin);
}

/** False when a cluster has ignored X-Forwarded-* without a word: the client has not seen the page yet. */
export function namesClientsAddress(answer: ClusterAnswer, page: PageScanner, client: ClientView): boolean {
  if (page.nextUri === undefined || answer.rewrite !== undefined) return true;
  return restBelow(page.nextUri, outsideUrl(client)) !== undefined;
}

const ofCompression: ReadonlySet<string> = new Set(['content-encoding']);

/**
 * A query that spools: its links get the path of its coordinator. From then on the links of its pages name the way by which they were asked
 * for, those of its segments too, which only that coordinator can read.
 */
export function linksBelowCoordinator<First extends { answer: ClusterAnswer; bytes: Buffer; page: PageScanner }>(
  first: First,
  client: ClientView,
  coordinatorLinks: Pick<CoordinatorLinks, 'pathFor'>,
): First {
  const { answer, page } = first;
  if (firstHeader(answer.rawHeaders, 'x-trino-query-data-encoding') === undefined) return first;
  const suffix = coordinatorSuffix(page.id ?? '');
  const path = suffix && coordinatorLinks.pathFor(suffix);
  if (path === undefined) return first;
  const bytes = plainBytes(answer, first.bytes);
  if (bytes === undefined) return first;
  const outside = outsideUrl(client);
  const backendUrls = answer.rewrite?.backendUrls ?? [outside];
  const rewrite = { backendUrls, outsideUrl: outside + path };
  return {
    ...first,
    answer: { ...answer, rawHeaders: withoutHeaders(answer.rawHeaders, ofCompression), rewrite },
    bytes,
  };
}

/** A whole page with its links replaced. */
export function withLinksReplaced(page: Buffer, options: LinkRewriterOptions): Buffer {
  const rewriter = new LinkRewriter(options);
  return Buffer.concat([...rewriter.push(page), rewriter.end()]);
}
