import { coordinatorSuffix, isTemporaryQueryId } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';
import { type ActivateLeaseDeps, activateLease } from '../leases/activate-lease.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import { type FindCoordinatorDeps, pollAll } from './find-coordinator.ts';
import { answerOwnLink, type OwnLinkDeps } from './own-link.ts';
import { type PollCoordinatorDeps, pollCoordinator } from './poll-coordinator.ts';
import type { Poll } from './request.ts';

export type PollDeps = ActivateLeaseDeps &
  PollCoordinatorDeps &
  FindCoordinatorDeps &
  OwnLinkDeps & { ownership: Pick<Ownership, 'owners' | 'candidates'> };

/** Anything below a statement: polls, heartbeats, cancels. All go to the coordinator that made the link. */
export async function poll(context: PollDeps, polling: Exchange, request: Poll): Promise<void> {
  const { queryId } = request;
  if (isTemporaryQueryId(queryId)) {
    await answerOwnLink(context, polling, request, (there) => poll(context, polling, there));
    return;
  }
  const exchange = request.coordinator === undefined ? polling : belowCoordinator(context, polling, queryId);
  const owners = context.ownership.owners(queryId);
  if (!(await mayStart(context, exchange, request, owners))) return;
  const [coordinator] = owners;
  if (coordinator !== undefined && owners.length === 1) await pollCoordinator(context, exchange, request, coordinator);
  else await pollAll(context, exchange, request, owners);
}

/** The links of the page are to lie below the path of the coordinator, as the one it is asked for by. */
function belowCoordinator(
  { coordinatorLinks }: Pick<PollDeps, 'coordinatorLinks'>,
  exchange: Exchange,
  queryId: string,
): Exchange {
  const suffix = coordinatorSuffix(queryId);
  const path = suffix && coordinatorLinks.pathFor(suffix);
  return path === undefined ? exchange : { ...exchange, client: { ...exchange.client, coordinatorPath: path } };
}

/** The first poll of a query starts it at its cluster. */
async function mayStart(
  context: PollDeps,
  exchange: Exchange,
  request: Poll,
  owners: readonly Coordinator[],
): Promise<boolean> {
  if (request.kind !== 'poll' || request.phase !== 'queued' || request.token !== 1) return true;
  const { queryId, slug, target, method } = request;
  if (method === 'DELETE') return true;
  const possible = owners.length > 0 ? owners : context.ownership.candidates();
  const backendIds = possible.map(({ backendId }) => backendId);
  return await activateLease(context, exchange, { queryId, slug, target, method }, backendIds);
}
