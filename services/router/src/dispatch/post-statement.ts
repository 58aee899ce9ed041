import { firstHeader, normalizedOrigin, PageScanner, queryIdIn } from '@trino-gateway/trino';
import { type ClusterAnswer, isRedirect } from '../clusters/ask.ts';
import { learnOwner } from '../clusters/learn-owner.ts';
import { inflate } from '../clusters/page-observer.ts';
import { readAnswerBody } from '../http/body.ts';
import { type ClientView, originOf } from '../http/client-address.ts';
import { UpstreamError } from '../http/http-client.ts';
import type { Owner } from '../stickiness/ownership.ts';
import type { RoadContext } from './context.ts';
import type { Submission } from './submission.ts';

/** What came of one attempt to hand a statement to one coordinator. */
export type PostOutcome =
  /** It took it: the first page, whole. Nothing runs until somebody asks for the page's next link. */
  | { kind: 'taken'; answer: ClusterAnswer; bytes: Buffer; page: PageScanner }
  /** It says no, and the client should hear it in its words: 400, 401, 403 … The body is yet to be read. */
  | { kind: 'answered'; answer: ClusterAnswer }
  /** Another coordinator may be asked. `isGone`: there was no answer at all; `isBusy`: it was not asked, there is too much under way. */
  | { kind: 'failed'; reason: string; isGone: boolean; isBusy?: boolean }
  | { kind: 'abandoned' };

const FIRST_PAGE_BYTES = 4_194_304;
const elsewhere: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Hands a statement to a coordinator, which is brought to build its links for `client`. Safe to repeat, there or elsewhere, as
 * long as only one answer reaches the client.
 */
export async function postStatement(
  context: RoadContext,
  submission: Submission,
  owner: Owner,
  rawHeaders: readonly string[],
  timeMs: number,
  client = submission.exchange.client,
): Promise<PostOutcome> {
  const { ask, forwarding } = context;
  const { exchange, body } = submission;
  const startedAt = performance.now();
  let answer: ClusterAnswer;
  try {
    answer = await ask(exchange, {
      owner,
      client,
      method: 'POST',
      path: '/v1/statement',
      body,
      rawHeaders,
      headTimeMs: timeMs,
      signal: exchange.signal,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.kind === 'aborted') return { kind: 'abandoned' };
    const isBusy = error.kind === 'busy';
    return { kind: 'failed', reason: error.message, isGone: !isBusy, isBusy };
  }
  // A success that is no page: only 200 is one of Trino's.
  const isNoPage = answer.status > 200 && answer.status < 300;
  if (elsewhere.has(answer.status) || isNoPage || isRedirect(answer)) {
    answer.body.destroy();
    return { kind: 'failed', reason: `answered ${answer.status}`, isGone: false };
  }
  if (answer.status !== 200) return { kind: 'answered', answer };
  const left = Math.max(1, timeMs - (performance.now() - startedAt));
  const bytes = await readAnswerBody(answer.body, FIRST_PAGE_BYTES, left);
  if (exchange.signal.aborted) return { kind: 'abandoned' };
  if (bytes === undefined) return { kind: 'failed', reason: 'broke off in its answer', isGone: true };
  const page = readFirstPage(answer, bytes);
  if (page === undefined)
    return { kind: 'failed', reason: 'answered something that is no page of Trino', isGone: false };
  const left2 = timeMs - (performance.now() - startedAt);
  if (!namesClientsAddress(answer, page, client) && forwarding.failed(owner, answer.mode) && left2 > 0)
    return await postStatement(context, submission, owner, rawHeaders, left2, client);
  if (leadsElsewhere(owner, page, client))
    return { kind: 'failed', reason: 'answered with a link to somebody else', isGone: false };
  // From here on the query belongs to this coordinator: what its id says is known before the client has it.
  if (!(await learnOwner(context, page.id ?? '', owner, submission.submittedAt)))
    return { kind: 'failed', reason: 'answered with a query id that is not its own', isGone: false };
  return { kind: 'taken', answer, bytes, page };
}

/** A page with an id, and no link of another query; undefined for anything else under status 200, such as the page of a balancer. */
function readFirstPage(answer: ClusterAnswer, bytes: Buffer): PageScanner | undefined {
  const encoding = firstHeader(answer.rawHeaders, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  const plain = inflate(bytes, encoding, { isPart: false, maxOutputLength: FIRST_PAGE_BYTES });
  if (plain === undefined) return undefined;
  const page = new PageScanner();
  page.push(plain);
  return page.complete && page.id !== undefined && isLinkOf(page.id, page.nextUri) ? page : undefined;
}

/** Polls go by the id in the link: it must not be another query's, perhaps of another cluster. */
function isLinkOf(id: string, nextUri: string | undefined): boolean {
  return (queryIdIn(nextUri ?? '') ?? id) === id;
}

/** Whoever followed a link to neither the client's side of the gateway nor the cluster would take their credentials there. */
function leadsElsewhere({ url }: Owner, { nextUri = '' }: PageScanner, client: ClientView): boolean {
  const origin = normalizedOrigin(nextUri);
  return origin !== undefined && ![originOf(client), url].map(normalizedOrigin).includes(origin);
}

// A cluster that ignores X-Forwarded-* without a word shows it here, in time: nothing has been handed out yet.
function namesClientsAddress(answer: ClusterAnswer, page: PageScanner, client: ClientView): boolean {
  if (page.nextUri === undefined || answer.rewrite !== undefined) return true;
  return normalizedOrigin(page.nextUri) === normalizedOrigin(originOf(client));
}
