import { timingSafeEqual } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type AdmissionService,
  type AwaitTurnResponseSchema,
  type FindQueuedResponseSchema,
  GiveBackRequest_Reason,
} from '@trino-gateway/api/gateway';
import { awaitTurn } from '../../../admission/await-offer.ts';
import { STATEMENT_PART } from '../../../admission/ledger/stored-entries.ts';
import { storedUser } from '../../../admission/ledger/stored-user.ts';
import { endedMessage } from '../../../admission/rules/ended-message.ts';
import { activate, confirmLease, expireUnknown, settle } from '../../../admission/rules/lease-phases.ts';
import { assign, end, enqueue, leave, type ReleaseReason, release } from '../../../admission/rules/queue.ts';
import { whyFull } from '../../../admission/rules/why-full.ts';
import type { AdmissionState } from '../../../admission/state/admission-state.ts';
import type { Lease } from '../../../admission/state/lease.ts';
import type { Waiter } from '../../../admission/state/waiter.ts';
import { routerBackend } from '../../../configuration/router-backend.ts';
import { checkedId, checkedNumber, checkedText, invalid } from '../../../configuration/validation.ts';
import type { MultiplexedService } from '../../transport/multiplexer.ts';
import { checkingBackend } from '../checking-backend.ts';
import type { RpcContext } from '../context.ts';
import { checkedSealed, dropLarge, keepSmall, storeLarge } from './sealed-texts.ts';

const HASH_BYTES = 32;
const LONGEST_WAIT_MS = 30_000;
const MOST_QUERY_IDS = 1_000;
const MOST_LISTED = 1_000;
const MOST_PRIORITY = 1_000;

type Answer = Exclude<MessageInitShape<typeof AwaitTurnResponseSchema>, { $typeName: string }>;
type State = NonNullable<Answer['state']>;
type FoundQueued = Exclude<MessageInitShape<typeof FindQueuedResponseSchema>, { $typeName: string }>;
type Context = Pick<
  RpcContext,
  'store' | 'configuration' | 'live' | 'ledger' | 'limits' | 'admissionMetrics' | 'stopping' | 'logger'
>;

/** Slots and places, for the routers and the monitor. */
export function admissionService(context: Context): MultiplexedService<typeof AdmissionService> {
  const { store, ledger, limits, admissionMetrics, stopping, logger } = context;
  /** Known here, or to another replica: anybody may ask for ids that never were, so no lock is taken for them. */
  const found = async (queryId: string): Promise<Waiter | undefined> => {
    const known = ledger.state().waiter(queryId);
    if (known) return known;
    await ledger.refresh();
    return ledger.state().waiter(queryId);
  };
  /** The waiter, for who knows its secret. */
  const authorised = async (queryId: string, secretHash: Uint8Array): Promise<Waiter> => {
    checkedId(queryId, 'query_id');
    checkedHash(secretHash);
    const waiter = await found(queryId);
    if (!waiter || !timingSafeEqual(Buffer.from(waiter.secretHash, 'hex'), secretHash)) throw unknownQuery();
    return waiter;
  };
  const named = async (queryId: string, user: string): Promise<Waiter> => {
    checkedId(queryId, 'query_id');
    const waiter = await found(queryId);
    if (!waiter || user === '' || waiter.user !== storedUser(user)) throw unknownQuery();
    return waiter;
  };
  return {
    async enqueue(request) {
      const { queryId, submissionId, groupId, priority, sealed, secretHash } = request;
      const newcomer = {
        id: checkedId(queryId, 'query_id'),
        submissionId: checkedId(submissionId, 'submission_id'),
        groupId: checkedId(groupId, 'group_id'),
        priority: checkedNumber('priority', priority, -MOST_PRIORITY, MOST_PRIORITY),
        user: storedUser(checkedText('user', request.user, 10_000)),
        source: storedUser(checkedText('source', request.source, 10_000)),
        secretHash: Buffer.from(checkedHash(secretHash)).toString('hex'),
        bytes: checkedSealed('sealed', sealed).length,
      };
      // A full queue keeps nothing of what it refuses.
      const full = whyFull(ledger.state(), limits, newcomer);
      if (full !== undefined) return { refusal: full, refusalErrorName: 'QUERY_QUEUE_FULL' };
      const text = { id: queryId, part: STATEMENT_PART, sealed };
      await storeLarge(store.sealedTexts, text);
      return ledger.run((admission) => {
        const outcome = enqueue(admission, newcomer);
        if (outcome.kind === 'full') {
          dropLarge(admission, text);
          return { refusal: outcome.message, refusalErrorName: 'QUERY_QUEUE_FULL' };
        }
        if (outcome.waiter.secretHash !== newcomer.secretHash)
          throw new ConnectError(`query_id: "${queryId}" waits already`, Code.AlreadyExists);
        keepSmall(admission, text);
        return { position: admission.state.positionOf(outcome.waiter) };
      });
    },

    async awaitTurn({ queryId, secretHash, waitMs, routerId }, { signal }) {
      checkedNumber('wait_ms', waitMs, 0, LONGEST_WAIT_MS);
      if (routerId !== '') checkedId(routerId, 'router_id');
      await authorised(queryId, secretHash);
      const waiter = await awaitTurn(ledger, queryId, { waitMs, gone: signal, stopping });
      if (!waiter) throw unknownQuery();
      if (waiter.phase !== 'CLAIMED') return { state: await stateOf(context, waiter) };
      if (signal.aborted) await returnSlot(context, waiter);
      // A look alone takes no turn.
      const isTaken = waitMs > 0 && !signal.aborted;
      return { state: isTaken ? await turnOf(context, waiter) : waitingOf(context, waiter) };
    },

    async leave({ queryId, secretHash }) {
      await authorised(queryId, secretHash);
      await ledger.run((admission) => leave(admission, queryId));
      return {};
    },

    async handOver({ queryId, claimId, trinoQueryId, sealedAnswer }) {
      checkedId(queryId, 'query_id');
      checkedClaim(claimId);
      checkedId(trinoQueryId, 'trino_query_id');
      checkedSealed('sealed_answer', sealedAnswer);
      const text = { id: queryId, part: claimId, sealed: sealedAnswer };
      await storeLarge(store.sealedTexts, text);
      const accepted = await ledger.run((admission) => {
        if (!assign(admission, queryId, claimId, trinoQueryId, sealedAnswer.length)) {
          dropLarge(admission, text);
          return false;
        }
        keepSmall(admission, text);
        return true;
      });
      admissionMetrics.countAssign(accepted ? 'accepted' : 'lost');
      return { accepted };
    },

    async giveBack({ queryId, claimId, reason, text }) {
      checkedId(queryId, 'query_id');
      checkedClaim(claimId);
      const how = GIVEN_BACK.get(reason);
      if (how === undefined) throw invalid('reason', `expected FAILED, UNAUTHENTICATED or ABSENT, got ${reason}`);
      const isGiven = await ledger.run((admission) => release(admission, queryId, claimId, how));
      if (!isGiven) return {};
      admissionMetrics.countAssign(how);
      logger.info('a cluster did not take a query that waited', { queryId, reason: how, text: text.slice(0, 1_000) });
      return {};
    },

    async cancelQueued({ queryId, secretHash, user, errorName, message }) {
      checkedText('error_name', errorName, 100);
      checkedText('message', message, 10_000);
      const waiter = secretHash.length > 0 ? await authorised(queryId, secretHash) : await named(queryId, user);
      const left = await ledger.run((admission) => {
        end(admission, waiter.id, errorName || 'USER_CANCELED', message || undefined);
        return admission.state.waiter(waiter.id);
      });
      if (left?.phase !== 'HANDED_OVER') return { cancelled: true };
      return { cancelled: false, trinoQueryId: left.queryId, backendId: left.claim?.backendId ?? '' };
    },

    async findQueued({ queryId }) {
      checkedId(queryId, 'query_id');
      const waiter = await found(queryId);
      if (!waiter) throw unknownQuery();
      const { user, phase, queryId: trinoQueryId, claim } = waiter;
      const checksAt = checkingBackend(context, waiter.groupId);
      if (phase !== 'HANDED_OVER')
        return { user, state: await stateOf(context, waiter), ...(checksAt && { checksAt }) } as FoundQueued;
      const handedOver = { trinoQueryId, backendId: claim?.backendId ?? '' };
      return { user, state: { case: 'handedOver', value: handedOver } };
    },

    async handOut({ submissionId, trinoQueryId }) {
      checkedId(submissionId, 'submission_id');
      checkedId(trinoQueryId, 'trino_query_id');
      return { held: await ledger.run((admission) => confirmLease(admission, submissionId, trinoQueryId)) };
    },

    async activate({ trinoQueryId, backendId, neverWaits }) {
      const poll = {
        queryId: checkedId(trinoQueryId, 'trino_query_id'),
        backendId: checkedId(backendId, 'backend_id'),
        neverWaits,
      };
      return { allowed: await ledger.run((admission) => activate(admission, poll)) };
    },

    async settleLeases({ trinoQueryIds, byLook, unknown }) {
      checkedQueryIds(trinoQueryIds);
      const end = unknown ? expireUnknown : settle;
      const settled = await ledger.run((admission) => end(admission, trinoQueryIds));
      admissionMetrics.countSettled(byLook ? 'look' : 'page', settled);
      return { settled };
    },

    async listLeases({ backendId, trinoQueryIds }) {
      checkedId(backendId, 'backend_id');
      checkedQueryIds(trinoQueryIds);
      // Another replica may have given a slot a moment ago.
      await ledger.refresh();
      const leases = listed(ledger.state(), trinoQueryIds)
        .filter((lease) => lease.backendId === backendId)
        .sort((a, b) => a.takenAt - b.takenAt)
        .slice(0, MOST_LISTED)
        .map(({ queryId, takenAt }) => ({ trinoQueryId: queryId, takenAt: timestampFromMs(takenAt) }));
      return { leases };
    },
  };
}

/** All that run, or what is known of these: one that has lapsed holds nothing and has not ended either. */
function listed(state: AdmissionState, queryIds: readonly string[]): Lease[] {
  if (queryIds.length === 0) return [...state.countedLeases()].filter(({ phase }) => phase === 'RUNNING');
  return queryIds.flatMap((id) => state.leaseOfQuery(id) ?? []).filter(({ phase }) => phase !== 'LAPSED');
}

const GIVEN_BACK = new Map<GiveBackRequest_Reason, ReleaseReason>([
  [GiveBackRequest_Reason.FAILED, 'failed'],
  [GiveBackRequest_Reason.UNAUTHENTICATED, 'unauthenticated'],
  // Like credentials that are not good: it is passed over until its next poll.
  [GiveBackRequest_Reason.ABSENT, 'unauthenticated'],
]);

/** What is not a turn. */
async function stateOf(context: Context, waiter: Waiter): Promise<State> {
  const { id, phase, claim, queryId } = waiter;
  if (phase === 'ENDED') return { case: 'ended', value: { errorName: waiter.endedBy, message: endedMessage(waiter) } };
  if (phase !== 'HANDED_OVER' || !claim) return waitingOf(context, waiter);
  const sealedAnswer = await context.store.sealedTexts.get(id, claim.id);
  if (!sealedAnswer) throw new ConnectError(`the answer for "${id}" is not there`, Code.DataLoss);
  return { case: 'handedOver', value: { trinoQueryId: queryId, backendId: claim.backendId, sealedAnswer } };
}

/** Who is being offered a slot is the first of all. */
function waitingOf({ ledger }: Context, waiter: Waiter): State {
  const position = Math.max(1, ledger.state().positionOf(waiter));
  return { case: 'waiting', value: { position, groupId: waiter.groupId, queuedMs: queuedMs(ledger.now(), waiter) } };
}

async function turnOf(context: Context, waiter: Waiter): Promise<State> {
  const { store, configuration, live, ledger } = context;
  const { id, groupId, claim } = waiter;
  const now = ledger.now();
  // Offered for too long: it is taken back in a moment.
  if (!claim || claim.until <= now) return waitingOf(context, waiter);
  const { backendId } = claim;
  const backend = configuration.known.backends.get(backendId)?.backend;
  if (!backend) {
    // Deleted after its slot was offered: another turn comes.
    await ledger.run((admission) => release(admission, id, claim.id, 'failed'));
    return waitingOf(context, waiter);
  }
  const sealed = await store.sealedTexts.get(id, STATEMENT_PART);
  if (!sealed) {
    // Another poll may have taken this turn meanwhile: then it is not kept any more.
    await ledger.refresh();
    const latest = ledger.state().waiter(id);
    if (!latest) throw unknownQuery();
    if (latest.phase !== 'CLAIMED' || latest.claim?.id !== claim.id) return stateOf(context, latest);
    throw new ConnectError(`the statement of "${id}" is not there`, Code.DataLoss);
  }
  live.started(waiter.submissionId, backendId);
  return {
    case: 'turn',
    value: {
      claimId: claim.id,
      backend: routerBackend(backend, configuration.isLimited(backendId)),
      sealed,
      decision: { backendId, groupId, priority: waiter.priority },
      queuedMs: queuedMs(now, waiter),
    },
  };
}

const queuedMs = (now: number, { queuedAt }: Waiter) => Math.max(0, Math.round(now - queuedAt));

/** Its client has gone while the slot was offered: the next one gets it at once. */
async function returnSlot({ ledger }: Context, { id, claim }: Waiter): Promise<void> {
  await ledger.run((admission) => release(admission, id, claim?.id ?? '', 'unauthenticated'));
}

/** The same whether the id exists or not. */
function unknownQuery(): ConnectError {
  return new ConnectError('no such query waits, or the secret is not the one of its link', Code.NotFound);
}

function checkedHash(hash: Uint8Array): Uint8Array {
  if (hash.length === HASH_BYTES) return hash;
  throw invalid('secret_hash', `expected ${HASH_BYTES} bytes, got ${hash.length}`);
}

function checkedQueryIds(ids: readonly string[]): void {
  if (ids.length > MOST_QUERY_IDS)
    throw invalid('trino_query_ids', `expected at most ${MOST_QUERY_IDS}, got ${ids.length}`);
  for (const id of ids) checkedId(id, 'trino_query_ids');
}

function checkedClaim(claimId: string): void {
  if (!/^[0-9a-f-]{1,64}$/.test(claimId)) throw invalid('claim_id', 'expected claim_id of a turn');
}
