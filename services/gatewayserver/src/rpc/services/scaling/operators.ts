import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ClusterScalingSchema,
  type ForceStopRequest,
  type GroupScaling,
  GroupScalingSchema,
  type ListScalingEventsRequest,
} from '@trino-gateway/api/gateway';
import { checkedId, checkedText, invalid } from '../../../configuration/validation.ts';
import { checkedPageSize } from '../paging.ts';
import { requireBackend } from '../require-backend.ts';
import { requireScaled, type ScalingContext, showGroups } from './scaling-context.ts';

const REASON_LENGTH = 1_000;
const EVENT_ID = /^[1-9]\d{0,14}$/;

/** Pauses autoscaling of a group, or ends that; also of one that a configuration file declares. */
export async function setPaused(
  context: ScalingContext,
  { id, reason }: { id: string; reason: string },
  paused: boolean,
): Promise<GroupScaling> {
  const group = requireScaled(context, id);
  checkedText('reason', reason, REASON_LENGTH);
  const { store, configuration } = context;
  await store.scaling.pause(id, paused, reason);
  configuration.applyWrite('conditions', ({ groupScaling }) => {
    const before = groupScaling.get(id) ?? create(GroupScalingSchema, { groupId: id });
    groupScaling.set(id, { ...before, paused, pauseReason: paused ? reason : '' });
  });
  const [shown] = await showGroups(context, [group]);
  return shown ?? create(GroupScalingSchema, { groupId: id });
}

/** Asks the leader to stop a cluster without a proven drain. */
export async function forceStop(context: ScalingContext, { id, reason }: ForceStopRequest): Promise<void> {
  const { store, configuration } = context;
  await requireBackend({ configuration }, checkedId(id));
  if (reason.trim() === '') throw invalid('reason', 'expected why its queries may fail: it is kept in the history');
  checkedText('reason', reason, REASON_LENGTH);
  const scaling = configuration.snapshot().facts(id)?.scaling;
  if (!scaling)
    throw new ConnectError(
      `backend "${id}" cannot be stopped: it has no scaler, or is in no group with autoscaling`,
      Code.FailedPrecondition,
    );
  const { groupId } = scaling;
  await store.scaling.forceStop(id, groupId, reason);
  configuration.applyWrite('conditions', ({ clusterScaling }) => {
    const before = clusterScaling.get(id)?.cluster ?? create(ClusterScalingSchema, { backendId: id });
    clusterScaling.set(id, { groupId, cluster: { ...before, forceStop: true } });
  });
}

/** A page of what autoscaling did. */
export async function listScalingEvents({ store }: ScalingContext, request: ListScalingEventsRequest) {
  const { groupId, backendId, pageSize, pageToken } = request;
  if (groupId !== '') checkedId(groupId, 'group_id');
  if (backendId !== '') checkedId(backendId, 'backend_id');
  if (pageToken !== '' && !EVENT_ID.test(pageToken))
    throw invalid('page_token', 'expected next_page_token of the call before');
  const size = checkedPageSize(pageSize);
  const found = await store.scaling.events({ groupId, backendId, most: size + 1, after: pageToken });
  const events = found.slice(0, size);
  return { events, nextPageToken: found.length > size ? (events.at(-1)?.id ?? '') : '' };
}
