import { Code, ConnectError } from '@connectrpc/connect';
import {
  type AttendRequest,
  type AwaitTurnRequest,
  type GiveBackRequest,
  GiveBackRequest_Reason,
  type HandOverRequest,
} from '@trino-gateway/api/gateway';
import { attend } from '../../../admission/attend.ts';
import { awaitOffer } from '../../../admission/await-offer.ts';
import { STATEMENT_PART } from '../../../admission/ledger/stored-entries.ts';
import { assign, type ReleaseReason, release } from '../../../admission/rules/queue.ts';
import type { Claim, Waiter } from '../../../admission/state/waiter.ts';
import { routerBackend } from '../../../configuration/router-backend.ts';
import { checkedId, checkedNumber, invalid } from '../../../configuration/validation.ts';
import type { AdmissionContext } from './admission-context.ts';
import { authorisedWaiter, unauthorised, unknownQuery } from './find-waiter.ts';
import { checkedSealed, dropLarge, keepSmall, storeLarge } from './sealed-texts.ts';
import { type AnsweredState, queuedMs, stateOf, waitingState } from './waiter-state.ts';

const LONGEST_WAIT_MS = 30_000;

/** Long-polls for a slot. A disconnect marks the client absent; a late offer is released. */
export async function awaitSlotOffer(
  context: AdmissionContext,
  { queryId, secretHash, waitMs, routerId }: AwaitTurnRequest,
  gone: AbortSignal,
): Promise<{ state: AnsweredState }> {
  const { ledger, stopping } = context;
  checkedNumber('wait_ms', waitMs, 0, LONGEST_WAIT_MS);
  if (routerId !== '') checkedId(routerId, 'router_id');
  await authorisedWaiter(context, queryId, secretHash);
  const waiter = await awaitOffer(ledger, queryId, { waitMs, gone, stopping });
  if (!waiter) throw unknownQuery();
  if (waiter.phase !== 'CLAIMED') return { state: await stateOf(context, waiter) };
  if (gone.aborted) await releaseOf(context, waiter, 'unauthenticated');
  // A caller that does not wait only asks: it is given no offer.
  const isOffered = waitMs > 0 && !gone.aborted;
  return { state: isOffered ? await offerOf(context, waiter) : waitingState(context, waiter) };
}

const MOST_ATTENDED = 500;

/** The clients of these queries poll on at a router: they are present meanwhile. */
export async function attendClients(
  context: AdmissionContext,
  { queries, waitMs }: AttendRequest,
  gone: AbortSignal,
): Promise<{ changedQueryIds: string[] }> {
  const { ledger, stopping } = context;
  checkedNumber('wait_ms', waitMs, 1, LONGEST_WAIT_MS);
  checkedNumber('queries', queries.length, 1, MOST_ATTENDED);
  const unknown = await unauthorised(context, queries);
  if (unknown.size > 0) return { changedQueryIds: [...unknown] };
  const ids = queries.map(({ queryId }) => queryId);
  return { changedQueryIds: await attend(ledger, ids, { waitMs, gone, stopping }) };
}

async function offerOf(context: AdmissionContext, waiter: Waiter): Promise<AnsweredState> {
  const { configuration, live, ledger } = context;
  const { id, groupId, claim } = waiter;
  const now = ledger.now();
  // Its claim has expired, and is withdrawn in a moment.
  if (!claim || claim.until <= now) return waitingState(context, waiter);
  const { backendId } = claim;
  const backend = configuration.known.backends.get(backendId)?.backend;
  if (!backend) {
    // Deleted after its slot was offered: another offer follows.
    await releaseOf(context, waiter, 'failed');
    return waitingState(context, waiter);
  }
  const sealed = await context.store.sealedTexts.get(id, STATEMENT_PART);
  if (!sealed) return withoutStatement(context, id, claim);
  live.started(waiter.submissionId, backendId);
  return {
    case: 'turn',
    value: {
      claimId: claim.id,
      backend: routerBackend(backend, configuration.isLimited(backendId)),
      sealed,
      decision: {
        backendId,
        groupId: claim.groupId ?? groupId,
        ...(claim.groupId !== undefined && { spilledOverFromGroupId: groupId }),
        priority: waiter.priority,
      },
      queuedMs: queuedMs(now, waiter),
    },
  };
}

/** Another poll may have taken this offer meanwhile: then the statement is not stored any more. */
async function withoutStatement(context: AdmissionContext, id: string, claim: Claim): Promise<AnsweredState> {
  await context.ledger.refresh();
  const latest = context.ledger.state().waiter(id);
  if (!latest) throw unknownQuery();
  if (latest.phase !== 'CLAIMED' || latest.claim?.id !== claim.id) return stateOf(context, latest);
  throw new ConnectError(`the statement of "${id}" is not there`, Code.DataLoss);
}

async function releaseOf({ ledger }: AdmissionContext, { id, claim }: Waiter, reason: ReleaseReason): Promise<void> {
  await ledger.run((admission) => release(admission, id, claim?.id ?? '', reason));
}

/** The cluster has accepted the statement. */
export async function assignQuery(
  { store, ledger, admissionMetrics }: AdmissionContext,
  { queryId, claimId, trinoQueryId, sealedAnswer }: HandOverRequest,
) {
  checkedId(queryId, 'query_id');
  checkedClaim(claimId);
  checkedId(trinoQueryId, 'trino_query_id');
  checkedSealed('sealed_answer', sealedAnswer);
  const text = { id: queryId, part: claimId, sealed: sealedAnswer };
  await storeLarge(store.sealedTexts, text);
  const accepted = await ledger.run((admission) => {
    const isAssigned = assign(admission, queryId, claimId, trinoQueryId, sealedAnswer.length);
    if (isAssigned) keepSmall(admission, text);
    else dropLarge(admission, text);
    return isAssigned;
  });
  admissionMetrics.countAssign(accepted ? 'accepted' : 'lost');
  return { accepted };
}

const RELEASE_REASONS = new Map<GiveBackRequest_Reason, ReleaseReason>([
  [GiveBackRequest_Reason.FAILED, 'failed'],
  [GiveBackRequest_Reason.UNAUTHENTICATED, 'unauthenticated'],
  // Like invalid credentials: it is passed over until its next poll.
  [GiveBackRequest_Reason.ABSENT, 'unauthenticated'],
]);

/** The cluster has not accepted the statement, or its client has disconnected. */
export async function releaseOffer(
  { ledger, admissionMetrics, logger }: AdmissionContext,
  { queryId, claimId, reason, text }: GiveBackRequest,
) {
  checkedId(queryId, 'query_id');
  checkedClaim(claimId);
  const releaseReason = RELEASE_REASONS.get(reason);
  if (releaseReason === undefined) throw invalid('reason', `expected FAILED, UNAUTHENTICATED or ABSENT, got ${reason}`);
  const isReleased = await ledger.run((admission) => release(admission, queryId, claimId, releaseReason));
  if (!isReleased) return {};
  admissionMetrics.countAssign(releaseReason);
  const fields = { queryId, reason: releaseReason, text: text.slice(0, 1_000) };
  logger.info('a cluster did not accept a queued query', fields);
  return {};
}

function checkedClaim(claimId: string): void {
  if (!/^[0-9a-f-]{1,64}$/.test(claimId)) throw invalid('claim_id', 'expected claim_id of a slot offer');
}
