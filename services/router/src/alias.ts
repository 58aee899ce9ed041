import type { FindQueuedResponse } from '@trino-gateway/api/gateway';
import type { RoadContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { HttpError } from './http-errors.ts';
import { GatewayUnavailableError } from './patience.ts';
import { askRoute } from './place.ts';
import { openSubmission } from './submission.ts';

/** What became of the statement that a temporary id was given to. */
export type Alias = Exclude<FindQueuedResponse['state'], { case: undefined }> & { user: string };

/**
 * Undefined when nobody knows the id: it was refused, has been forgotten, or never was.
 * @throws HttpError when nobody can say
 */
export async function findAlias(
  { link }: Pick<RoadContext, 'link'>,
  queryId: string,
  signal: AbortSignal,
): Promise<Alias | undefined> {
  try {
    const found = await link.admission.findQueued(queryId, signal);
    return found === undefined || found.state.case === undefined ? undefined : { ...found.state, user: found.user };
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    // Not 503: clients that cancel this way would repeat it for hours.
    throw new HttpError(500, `The gatewayserver does not answer (${error.message})`);
  }
}

const CHECK_MS = 5_000;

/**
 * Lets on only the user whose waiting query it is, as the gateway itself or a cluster has checked them.
 * @throws HttpError 403 for anybody else, 401 as a cluster says it, 503 when nobody can check
 */
export async function mustBeOwner(
  context: RoadContext,
  exchange: Exchange,
  alias: Pick<Alias, 'user'>,
  doing: string,
): Promise<void> {
  if (exchange.user !== undefined) {
    if (exchange.user === alias.user) return;
    throw new HttpError(403, `Access Denied: Cannot ${doing} query owned by another user`);
  }
  const submission = openSubmission(exchange, Buffer.alloc(0), context.now());
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(CHECK_MS)]);
  try {
    const route = await askRoute(context, submission, [], signal);
    const backend = typeof route === 'string' ? undefined : route.backend;
    const owner = backend && { backendId: backend.id, url: backend.url, forwardedHeaders: backend.forwardedHeaders };
    const verdict = owner && (await context.checkClient(exchange, owner, { timeMs: CHECK_MS, signal }));
    if (verdict !== 'known') throw new HttpError(503, 'No cluster can say now whether these credentials are good');
  } finally {
    context.link.settle(submission.id);
  }
  if ((exchange.user ?? submission.user) === alias.user) return;
  throw new HttpError(403, `Access Denied: Cannot ${doing} query owned by another user`);
}
