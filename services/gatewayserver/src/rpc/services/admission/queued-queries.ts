import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type {
  CancelQueuedRequest,
  EnqueueRequest,
  FindQueuedRequest,
  FindQueuedResponseSchema,
  LeaveRequest,
  WaitLimit,
} from '@trino-gateway/api/gateway';
import { STATEMENT_PART } from '../../../admission/ledger/stored-entries.ts';
import { storedUser } from '../../../admission/ledger/stored-user.ts';
import { whyFull } from '../../../admission/limits/why-full.ts';
import type { RouterClocks } from '../../../admission/router-clocks.ts';
import { end, enqueue, leave, type Newcomer } from '../../../admission/rules/queue.ts';
import { checkedId, checkedNumber, checkedText } from '../../../configuration/validation.ts';
import { checkingBackend } from '../checking-backend.ts';
import type { AdmissionContext } from './admission-context.ts';
import { authorisedWaiter, checkedHash, findWaiter, waiterOfUser } from './find-waiter.ts';
import { checkedSealed, dropLarge, keepSmall, storeLarge } from './sealed-texts.ts';
import { stateOf } from './waiter-state.ts';

const MOST_PRIORITY = 1_000;
const QUEUE_FULL = 'QUERY_QUEUE_FULL';

export async function enqueueQuery(
  { store, ledger, limits, admissionMetrics }: AdmissionContext,
  clocks: RouterClocks,
  request: EnqueueRequest,
) {
  const newcomer = newcomerOf(request, clocks.arrivedAt(request));
  // A full queue stores nothing of what it refuses.
  const full = whyFull(ledger.state(), limits, newcomer);
  if (full !== undefined) return { refusal: full, refusalErrorName: QUEUE_FULL };
  const text = { id: newcomer.id, part: STATEMENT_PART, sealed: request.sealed };
  await storeLarge(store.sealedTexts, text);
  const answer = await ledger.run((admission) => {
    const outcome = enqueue(admission, newcomer);
    if (outcome.kind === 'full') {
      dropLarge(admission, text);
      return { refusal: outcome.message, refusalErrorName: QUEUE_FULL };
    }
    if (outcome.waiter.secretHash !== newcomer.secretHash)
      throw new ConnectError(`query_id: "${newcomer.id}" waits already`, Code.AlreadyExists);
    keepSmall(admission, text);
    return { position: admission.state.positionOf(outcome.waiter), waiter: outcome.waiter, observed: outcome.observed };
  });
  if (answer.waiter === undefined) return answer;
  if (answer.observed) admissionMetrics.groups.countObserved(answer.observed);
  ledger.presence.queued(answer.waiter);
  return { position: answer.position };
}

function newcomerOf(request: EnqueueRequest, arrivedAt: number): Newcomer {
  checkedText('router_id', request.routerId, 1_000);
  return {
    arrivedAt,
    id: checkedId(request.queryId, 'query_id'),
    submissionId: checkedId(request.submissionId, 'submission_id'),
    groupId: checkedId(request.groupId, 'group_id'),
    priority: checkedNumber('priority', request.priority, -MOST_PRIORITY, MOST_PRIORITY),
    user: storedUser(checkedText('user', request.user, 10_000)),
    source: storedUser(checkedText('source', request.source, 10_000)),
    secretHash: Buffer.from(checkedHash(request.secretHash)).toString('hex'),
    bytes: checkedSealed('sealed', request.sealed).length,
    ...(request.strict && { strict: true }),
    ...(request.outage && { outage: true }),
    ...(isOther(request) && { asker: askerOf(request) }),
    ...(request.affinityHash !== 0 && { affinityHash: request.affinityHash }),
    ...(request.onlyBackendId !== '' && { onlyBackendId: checkedId(request.onlyBackendId, 'only_backend_id') }),
    ...(request.limit && { limit: checkedLimit(request.limit) }),
  };
}

/** Whether Trino would run it as another user than it counts for, or its client named another source than the cluster gets. */
function isOther({ user, source, sessionUser, clientSource }: EnqueueRequest): boolean {
  return (sessionUser !== '' && sessionUser !== user) || (clientSource !== '' && clientSource !== source);
}

function askerOf({ user, source, sessionUser, clientSource }: EnqueueRequest): Newcomer['asker'] {
  return {
    user: storedUser(checkedText('session_user', sessionUser || user, 10_000)),
    source: storedUser(checkedText('client_source', clientSource || source, 10_000)),
  };
}

function checkedLimit({ leftMs, message }: WaitLimit): Newcomer['limit'] {
  return {
    leftMs: checkedNumber('limit.left_ms', leftMs, 0, 2 ** 31 - 1),
    message: checkedText('limit.message', message, 1_000),
  };
}

export async function leaveQueue(context: AdmissionContext, { queryId, secretHash }: LeaveRequest) {
  await authorisedWaiter(context, queryId, secretHash);
  context.ledger.presence.left(queryId);
  await context.ledger.run((admission) => leave(admission, queryId));
  return {};
}

export async function cancelQueued(context: AdmissionContext, request: CancelQueuedRequest) {
  const { queryId, secretHash, user, errorName, message } = request;
  checkedText('error_name', errorName, 100);
  checkedText('message', message, 10_000);
  const { id } =
    secretHash.length > 0
      ? await authorisedWaiter(context, queryId, secretHash)
      : await waiterOfUser(context, queryId, user);
  const waiter = await context.ledger.run((admission) => {
    end(admission, id, errorName || 'USER_CANCELED', message || undefined);
    return admission.state.waiter(id);
  });
  if (waiter?.phase !== 'HANDED_OVER') return { cancelled: true };
  return { cancelled: false, trinoQueryId: waiter.queryId, backendId: waiter.claim?.backendId ?? '' };
}

export async function findQueued(
  context: AdmissionContext,
  { queryId }: FindQueuedRequest,
): Promise<MessageInitShape<typeof FindQueuedResponseSchema>> {
  const waiter = await findWaiter(context, checkedId(queryId, 'query_id'));
  const { user, phase, queryId: trinoQueryId, claim, groupId } = waiter;
  if (phase === 'HANDED_OVER')
    return { user, state: { case: 'handedOver', value: { trinoQueryId, backendId: claim?.backendId ?? '' } } };
  const checksAt = checkingBackend(context, groupId);
  const state = await stateOf(context, waiter);
  return { user, state, ...(checksAt && { checksAt }) } as MessageInitShape<typeof FindQueuedResponseSchema>;
}
