import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { BackendEvidence, BackendEvidence_Found } from '@trino-gateway/api/gateway';
import { checkedNumber, checkedText } from '../../../configuration/validation.ts';

const MOST_IDS = 100;
const ID_LENGTH = 128;
const PROBLEM_LENGTH = 2_000;

/** What the monitor reports of what ties a cluster, with the time at which it asked as this process counts it. */
export function reportedEvidence(evidence: BackendEvidence, now: number): BackendEvidence {
  const { ageMs, askedAt, coordinatorId, queries, transactions, ...rest } = evidence;
  checkedText('status.evidence.coordinator_id', coordinatorId, ID_LENGTH);
  checkedNumber('status.evidence.age_ms', ageMs, 0, 2 ** 31 - 1);
  // A clock of the monitor that is ahead would make it cover what began after it.
  const askedMs = Math.min(askedAt ? timestampMs(askedAt) : 0, now - ageMs);
  return {
    ...rest,
    coordinatorId,
    ageMs,
    askedAt: timestampFromMs(Math.max(askedMs, 0)),
    ...(queries && { queries: checkedFound('queries', queries) }),
    ...(transactions && { transactions: checkedFound('transactions', transactions) }),
  };
}

function checkedFound(field: string, found: BackendEvidence_Found): BackendEvidence_Found {
  checkedNumber(`status.evidence.${field}.count`, found.count ?? 0, 0, 2 ** 31 - 1);
  for (const id of found.ids) checkedText(`status.evidence.${field}.ids`, id, ID_LENGTH);
  return { ...found, ids: found.ids.slice(0, MOST_IDS), problem: found.problem.slice(0, PROBLEM_LENGTH) };
}
