import type { PageScanner } from '@trino-gateway/trino';
import { type AskCluster, type ClusterAnswer, isRedirect } from '../clusters/ask.ts';
import { type LearnOwnerDeps, learnOwner } from '../clusters/learn-owner.ts';
import type { LinkModes } from '../clusters/link-mode.ts';
import type { ClientView } from '../http/client-address.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { CoordinatorLinks } from '../stickiness/coordinator-links.ts';
import { FIRST_PAGE_BYTES, leadsElsewhere, namesClientsAddress, readFirstPage } from './first-page.ts';
import type { Submission } from './submission.ts';

export type PostStatementDeps = LearnOwnerDeps & {
  ask: AskCluster;
  linkModes: Pick<LinkModes, 'failed'>;
  coordinatorLinks: Pick<CoordinatorLinks, 'pathFor'>;
};

/** A cluster's first page, whole. Nothing runs until its next link is asked for. */
export type FirstPage = { answer: ClusterAnswer; bytes: Buffer; page: PageScanner };

/** What came of one POST to one coordinator. */
export type PostOutcome =
  | ({ kind: 'taken' } & FirstPage)
  /** It answers otherwise, and the client should get that answer: 400, 401, 403 … The body is yet to be read. */
  | { kind: 'answered'; answer: ClusterAnswer }
  /** Another coordinator may be asked. `isBusy`: this one was not, too many requests are under way there. */
  | { kind: 'failed'; reason: string; isBusy: boolean }
  /** The client hung up. */
  | { kind: 'abandoned' };

/** The POST of a statement. */
export type Post = {
  coordinator: Coordinator;
  /** The headers of the client as the cluster gets them. */
  sentHeaders: readonly string[];
  timeMs: number;
  /** Whom the links of the answer are made for. */
  client: ClientView;
};

const elsewhere: ReadonlySet<number> = new Set([502, 503, 504]);
const failed = (reason: string): PostOutcome => ({ kind: 'failed', reason, isBusy: false });

/** Posts a statement to a coordinator. Safe to repeat, there or elsewhere, as long as only one answer reaches the client. */
export async function postStatement(
  context: PostStatementDeps,
  submission: Submission,
  post: Post,
): Promise<PostOutcome> {
  const { exchange } = submission;
  const { coordinator, timeMs, client } = post;
  const endsAt = performance.now() + timeMs;
  const answer = await sendStatement(context, submission, post);
  if ('kind' in answer) return answer;
  // A success that is no page: only 200 is one of Trino's.
  const isNoPage = answer.status > 200 && answer.status < 300;
  if (elsewhere.has(answer.status) || isNoPage || isRedirect(answer)) {
    answer.body.destroy();
    return failed(`answered ${answer.status}`);
  }
  if (answer.status !== 200) return { kind: 'answered', answer };
  const bytes = await readAnswerBody(answer.body, FIRST_PAGE_BYTES, Math.max(1, endsAt - performance.now()));
  if (exchange.signal.aborted) return { kind: 'abandoned' };
  if (bytes === undefined) return failed('broke off its answer');
  const page = readFirstPage(answer, bytes);
  if (page === undefined) return failed('answered something that is not a page of Trino');
  const leftMs = endsAt - performance.now();
  if (!namesClientsAddress(answer, page, client) && context.linkModes.failed(coordinator, answer.mode) && leftMs > 0)
    return await postStatement(context, submission, { ...post, timeMs: leftMs });
  if (leadsElsewhere(coordinator, page, client)) return failed('answered with a link to another address');
  // From here on the query belongs to this coordinator: what its id says is known before the client has it.
  if (!(await learnOwner(context, page.id ?? '', coordinator, submission.submittedAt)))
    return failed('answered with a query id that is not its own');
  return { kind: 'taken', answer, bytes, page };
}

async function sendStatement(
  { ask }: PostStatementDeps,
  { exchange, body }: Submission,
  { coordinator, sentHeaders, timeMs, client }: Post,
): Promise<ClusterAnswer | PostOutcome> {
  try {
    return await ask(exchange, {
      coordinator,
      client,
      method: 'POST',
      path: '/v1/statement',
      body,
      rawHeaders: sentHeaders,
      headTimeMs: timeMs,
      signal: exchange.signal,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.kind === 'aborted') return { kind: 'abandoned' };
    return { kind: 'failed', reason: error.message, isBusy: error.kind === 'busy' };
  }
}
