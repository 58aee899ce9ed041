import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  ActivateRequest,
  HandOutRequest,
  ListLeasesRequest,
  SettleLeasesRequest,
} from '@trino-gateway/api/gateway';
import { activate, confirmLease, expireUnknown, settle } from '../../../admission/rules/lease-phases.ts';
import type { AdmissionState } from '../../../admission/state/admission-state.ts';
import type { Lease } from '../../../admission/state/lease.ts';
import { checkedId, invalid } from '../../../configuration/validation.ts';
import type { AdmissionContext } from './admission-context.ts';

const MOST_QUERY_IDS = 1_000;
const MOST_LISTED = 1_000;

/** The client is about to receive the first page of the cluster. */
export async function confirm({ ledger }: AdmissionContext, { submissionId, trinoQueryId }: HandOutRequest) {
  checkedId(submissionId, 'submission_id');
  checkedId(trinoQueryId, 'trino_query_id');
  return { held: await ledger.run((admission) => confirmLease(admission, submissionId, trinoQueryId)) };
}

/** The client has polled for the first time. */
export async function activateLease(
  { ledger }: AdmissionContext,
  { trinoQueryId, backendId, neverWaits }: ActivateRequest,
) {
  const poll = {
    queryId: checkedId(trinoQueryId, 'trino_query_id'),
    backendId: checkedId(backendId, 'backend_id'),
    neverWaits,
  };
  return { allowed: await ledger.run((admission) => activate(admission, poll)) };
}

export async function settleLeases(
  { ledger, admissionMetrics }: AdmissionContext,
  { trinoQueryIds, byLook, unknown }: SettleLeasesRequest,
) {
  checkedQueryIds(trinoQueryIds);
  const end = unknown ? expireUnknown : settle;
  const settled = await ledger.run((admission) => end(admission, trinoQueryIds));
  admissionMetrics.countSettled(byLook ? 'look' : 'page', settled);
  return { settled };
}

export async function listLeases({ ledger }: AdmissionContext, { backendId, trinoQueryIds }: ListLeasesRequest) {
  checkedId(backendId, 'backend_id');
  checkedQueryIds(trinoQueryIds);
  // Another replica may have taken a slot a moment ago.
  await ledger.refresh();
  const leases = listed(ledger.state(), trinoQueryIds)
    .filter((lease) => lease.backendId === backendId)
    .sort((a, b) => a.takenAt - b.takenAt)
    .slice(0, MOST_LISTED)
    .map(({ queryId, takenAt }) => ({ trinoQueryId: queryId, takenAt: timestampFromMs(takenAt) }));
  return { leases };
}

/** All that run, or those of these queries: an expired one holds nothing, but has not ended either. */
function listed(state: AdmissionState, queryIds: readonly string[]): Lease[] {
  if (queryIds.length === 0) return [...state.countedLeases()].filter(({ phase }) => phase === 'RUNNING');
  return queryIds.flatMap((id) => state.leaseOfQuery(id) ?? []).filter(({ phase }) => phase !== 'LAPSED');
}

function checkedQueryIds(ids: readonly string[]): void {
  if (ids.length > MOST_QUERY_IDS)
    throw invalid('trino_query_ids', `expected at most ${MOST_QUERY_IDS}, got ${ids.length}`);
  for (const id of ids) checkedId(id, 'trino_query_ids');
}
