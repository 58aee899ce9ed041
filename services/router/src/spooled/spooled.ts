import type { RouterConfig } from '@trino-gateway/config';
import { type Logger, pause } from '@trino-gateway/runtime';
import { type TrinoRequest, withoutHeaders } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer } from '../clusters/ask.ts';
import { askAll, type Search } from '../clusters/ask-all.ts';
import { relay } from '../clusters/relay.ts';
import { type RequireAuthenticationDeps, requireAuthentication } from '../dispatch/require-authentication.ts';
import { viewAt } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, TryAgain } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { CoordinatorLinks } from '../stickiness/coordinator-links.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';

export type SpooledDeps = RequireAuthenticationDeps & {
  ask: AskCluster;
  ownership: Pick<Ownership, 'ownersOfSuffix' | 'candidates'>;
  coordinatorLinks: Pick<CoordinatorLinks, 'isOurs'>;
  unknownLinks: Pick<UnknownLinks, 'has' | 'add'>;
  config: Pick<RouterConfig, 'poll_time_limit'>;
  /** How long to wait before each repetition of a download that its coordinator did not answer. */
  pollRetryDelaysMs: readonly number[];
  logger: Logger;
};

type SpooledRequest = Extract<TrinoRequest, { kind: 'spooled' }>;

/** As Trino says it (FileSystemSpoolingManager.checkFileExists). */
const notFoundMessage = 'Segment not found or expired';
/** Longer links are not remembered. */
const LONGEST_REMEMBERED = 512;

/**
 * A segment of a spooled result, or the word that its client has it. The id in the link is encrypted with a key of the cluster: only the
 * path before it says whose it is. As with pages a link of ours is enough: Trino's clients send no credentials here.
 */
export async function spooled(context: SpooledDeps, exchange: Exchange, request: SpooledRequest): Promise<void> {
  const { ownership, coordinatorLinks, unknownLinks } = context;
  const { coordinator: named, target } = request;
  const { response } = exchange;
  const isOurs = named === undefined || coordinatorLinks.isOurs(named);
  if (isOurs === undefined) throw new TryAgain('The gateway is starting');
  if (!isOurs) {
    answerError(response, 404, notFoundMessage);
    return;
  }
  const owners = named === undefined ? [] : ownership.ownersOfSuffix(named.suffix);
  const possible = owners.length > 0 ? owners : ownership.candidates();
  if (named === undefined) await requireAuthentication(context, exchange, possible);
  const [coordinator] = possible;
  if (coordinator !== undefined && possible.length === 1) await askOwner(context, exchange, request, coordinator);
  else if (unknownLinks.has(target)) answerError(response, 404, notFoundMessage);
  else if (request.action === 'download') await downloadFromAny(context, exchange, request, possible);
  else await acknowledgeToAll(context, exchange, request, possible);
}

/** A segment outlives its coordinator's process, so a download waits for a short outage. Nobody waits for an acknowledgement: it is sent once. */
async function askOwner(
  context: SpooledDeps,
  exchange: Exchange,
  { target: path, action }: SpooledRequest,
  coordinator: Coordinator,
): Promise<void> {
  const { ask, config, pollRetryDelaysMs } = context;
  const { signal } = exchange;
  // So a redirect to a worker names it as the cluster would to one who asked it directly.
  const client = viewAt(exchange.client, coordinator.url);
  const asked = { coordinator, method: methodOf(exchange), path, client };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await passOn(context, exchange, await ask(exchange, { ...asked, headTimeMs: config.poll_time_limit, signal }));
      return;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const delayMs = action === 'download' ? pollRetryDelaysMs[attempt] : undefined;
      if (delayMs === undefined || (error.kind !== 'refused' && error.kind !== 'reset')) {
        answerUnanswered(context, exchange, coordinator, error);
        return;
      }
      await pause(delayMs, signal);
      if (signal.aborted) return;
    }
  }
}

/** @throws TryAgain when too much is under way there */
function answerUnanswered(
  { logger }: SpooledDeps,
  { response }: Exchange,
  { backendId }: Coordinator,
  { kind, message }: UpstreamError,
): void {
  if (kind === 'aborted') return;
  if (kind === 'busy') throw new TryAgain(`The coordinator of this segment is busy: ${message}`);
  logger.warn('the coordinator of a spooled segment does not answer', { backend: backendId, reason: message });
  if (kind === 'silent') answerError(response, 504, `The coordinator of this segment is silent: ${message}`);
  else answerError(response, 503, `The coordinator of this segment does not answer: ${message}`, RETRY_AFTER);
}

/** The link names no coordinator that is known, or several share its suffix: those who cannot read its id say so. */
async function downloadFromAny(
  context: SpooledDeps,
  exchange: Exchange,
  { target: path }: SpooledRequest,
  possible: readonly Coordinator[],
): Promise<void> {
  const asked = { method: methodOf(exchange), path };
  const search = await askAll(context, nameless(exchange), possible, asked, ({ status }) =>
    status < 400 ? 'owned' : 'notOwned',
  );
  if (search.kind === 'found') await passOn(context, exchange, search.answer);
  else answerMiss(context, exchange, path, search);
}

/** Clusters that share a key acknowledge each other's segments, although they may not have them: each gets the word once. */
async function acknowledgeToAll(
  context: SpooledDeps,
  exchange: Exchange,
  { target: path }: SpooledRequest,
  possible: readonly Coordinator[],
): Promise<void> {
  let isAcknowledged = false;
  const search = await askAll(
    context,
    nameless(exchange),
    possible,
    { method: methodOf(exchange), path },
    ({ status }) => {
      isAcknowledged ||= status === 200;
      return 'notOwned';
    },
  );
  if (isAcknowledged) answerEmpty(exchange.response, 200);
  else answerMiss(context, exchange, path, search);
}

function answerMiss({ unknownLinks }: SpooledDeps, { response }: Exchange, path: string, { kind }: Search): void {
  if (kind === 'abandoned') return;
  if (kind !== 'notFound') {
    answerError(response, 503, 'Not every cluster that could have this segment has answered', RETRY_AFTER);
    return;
  }
  if (path.length <= LONGEST_REMEMBERED) unknownLinks.add(path);
  answerError(response, 404, notFoundMessage);
}

async function passOn({ config }: SpooledDeps, exchange: Exchange, answer: ClusterAnswer): Promise<void> {
  await relay(exchange, answer, { stallTimeMs: config.poll_time_limit });
}

const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** Clusters that have nothing to do with a segment need not know who asks, and the one that has it does not ask who it is. */
const nameless = (exchange: Exchange): Exchange => ({
  ...exchange,
  rawHeaders: withoutHeaders(exchange.rawHeaders, credentials),
});

const methodOf = ({ request }: Exchange): string => request.method ?? 'GET';
