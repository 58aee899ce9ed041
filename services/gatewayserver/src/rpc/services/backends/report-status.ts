import { type Timestamp, timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BackendStatus,
  BackendStatus_StateSchema,
  BackendStatus_State as State,
} from '@trino-gateway/api/gateway';
import { checkedId, checkedNumber, checkedText, invalid } from '../../../configuration/validation.ts';
import { epochMs } from '../../../routing/availability/timestamps.ts';
import { requireBackend } from '../require-backend.ts';
import type { BackendContext } from './backend-context.ts';
import { reportedEvidence } from './reported-evidence.ts';

const STATUS_TEXT_LENGTH = 2_000;

/** Puts what the monitor found of one backend in force. */
export async function reportStatus(
  { store, configuration, now }: Pick<BackendContext, 'store' | 'configuration' | 'now'>,
  reported: BackendStatus | undefined,
): Promise<void> {
  const status = checkedStatus(withKnownState(reported, configuration), now());
  await requireBackend({ configuration }, status.backendId, 'status.backend_id');
  // A monitor that has just started cannot know the coordinator of a backend that does not answer.
  if (status.state === State.UNREACHABLE)
    status.coordinatorId ||= configuration.known.statuses.get(status.backendId)?.coordinatorId ?? '';
  const before = configuration.known.statuses.get(status.backendId);
  status.reportedAt = reportedAt(status, before) ?? timestampFromMs(now());
  const since = healthySince(status, before);
  if (since) status.healthySince = since;
  try {
    await store.conditions.putStatus(status);
  } finally {
    // In force here even while the database is away: decisions must not depend on the health of an hour ago.
    configuration.applyWrite('conditions', ({ statuses }) => {
      if (!isOlder(status, statuses.get(status.backendId))) statuses.set(status.backendId, status);
    });
  }
}

/** Evidence alone, of a backend that is not probed, leaves the rest as the last probe found it. */
function withKnownState(
  reported: BackendStatus | undefined,
  { known }: Pick<BackendContext['configuration'], 'known'>,
): BackendStatus | undefined {
  if (!reported?.evidence || reported.state) return reported;
  const { evidence, backendId } = reported;
  const last = known.statuses.get(backendId);
  return { ...(last ?? { ...reported, state: State.UNREACHABLE, reason: 'it was not probed yet' }), evidence };
}

/** The same observation may be reported again, with more of what was counted since. */
function reportedAt(status: BackendStatus, before: BackendStatus | undefined): Timestamp | undefined {
  const isAgain = before !== undefined && epochMs(before.observedAt) === epochMs(status.observedAt);
  return isAgain ? before.reportedAt : undefined;
}

/** As long as it passes its probes without a break, and its coordinator is the same, since the first of them. */
function healthySince(status: BackendStatus, before: BackendStatus | undefined): Timestamp | undefined {
  if (!status.healthy) return undefined;
  const isUnbroken = before?.healthy === true && before.coordinatorId === status.coordinatorId;
  return (isUnbroken && (before.healthySince ?? before.observedAt)) || status.observedAt;
}

function checkedStatus(status: BackendStatus | undefined, now: number): BackendStatus {
  if (!status) throw invalid('status', 'expected an object, got nothing');
  checkedId(status.backendId, 'status.backend_id');
  if (!status.state || !BackendStatus_StateSchema.value[status.state])
    throw invalid('status.state', `expected a known value, got ${status.state}`);
  if (status.clusterLoad !== undefined) checkedNumber('status.cluster_load', status.clusterLoad, 0, Number.MAX_VALUE);
  for (const field of ['running', 'queued', 'workers', 'foreignRunning'] as const)
    checkedNumber(`status.${field}`, status[field] ?? 0, 0, 2 ** 31 - 1);
  checkedText('status.trino_version', status.trinoVersion, 128);
  checkedText('status.coordinator_id', status.coordinatorId, 128);
  const observedAt = status.observedAt ? timestampDate(status.observedAt).getTime() : now;
  const { healthySince: _, reportedAt: __, ...said } = status;
  return {
    ...said,
    // A clock that is ahead must not shut out later reports.
    observedAt: timestampFromMs(Math.min(Math.max(observedAt, 0), now)),
    ...(status.evidence && { evidence: reportedEvidence(status.evidence, now) }),
    reason: status.reason.slice(0, STATUS_TEXT_LENGTH),
  };
}

function isOlder(status: BackendStatus, than: BackendStatus | undefined): boolean {
  if (!status.observedAt || !than?.observedAt) return false;
  return timestampDate(status.observedAt) < timestampDate(than.observedAt);
}
