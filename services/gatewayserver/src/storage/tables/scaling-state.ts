import { create } from '@bufbuild/protobuf';
import {
  ClusterScaling_State,
  ClusterScalingSchema,
  type GroupScaling,
  GroupScalingSchema,
} from '@trino-gateway/api/gateway';
import type { Session } from '../connection/session.ts';
import type { ScalingState, StoredCluster } from '../contract/scaling.ts';
import type { ClusterScalingRow, GroupScalingRow } from '../schema/scaling.ts';
import { TABLES } from '../schema/table-names.ts';
import { fromDocument } from './documents.ts';
import { bumpRevision } from './revisions.ts';

/** Where autoscaling has clusters, and the groups, both in the order of their ids. */
export async function readScalingState({ manager }: Session): Promise<ScalingState> {
  const clusters = await clusterRows({ manager }).find({ order: { backendId: 'ASC' } });
  const groups = await groupRows({ manager }).find({ order: { groupId: 'ASC' } });
  return { clusters: clusters.map(clusterOf), groups: groups.map(groupOf) };
}

/** The rows of clusters. */
export const clusterRows = ({ manager }: Pick<Session, 'manager'>) =>
  manager.getRepository<ClusterScalingRow>(TABLES.clusterScaling);

/** The rows of groups. */
export const groupRows = ({ manager }: Pick<Session, 'manager'>) =>
  manager.getRepository<GroupScalingRow>(TABLES.groupScaling);

function clusterOf({ backendId, groupId, document, forceStop }: ClusterScalingRow): StoredCluster {
  const cluster = document === '' ? create(ClusterScalingSchema) : fromDocument(ClusterScalingSchema, document);
  return { groupId, cluster: { ...cluster, backendId, forceStop } };
}

function groupOf({ groupId, document, paused, pauseReason }: GroupScalingRow): GroupScaling {
  const group = document === '' ? create(GroupScalingSchema) : fromDocument(GroupScalingSchema, document);
  return { ...group, groupId, paused, pauseReason };
}

/** Whether autoscaling stops it: it takes no new queries. */
export function isBeingStopped({ document }: Pick<ClusterScalingRow, 'document'>): boolean {
  if (document === '') return false;
  const { state } = fromDocument(ClusterScalingSchema, document);
  return state === ClusterScaling_State.DRAINING || state === ClusterScaling_State.TERMINATING;
}

/** A backend without a scaler takes no part: where it was must not count when it comes back. */
export async function forgetCluster(session: Session, backendId: string): Promise<void> {
  if (await clusterRows(session).existsBy({ backendId })) await forget(session, [backendId]);
}

/** Only these clusters of a group are scaled from now on. */
export async function keepClusters(session: Session, groupId: string, backendIds: readonly string[]): Promise<void> {
  const rows = await clusterRows(session).findBy({ groupId });
  await forget(
    session,
    rows.map((row) => row.backendId).filter((id) => !backendIds.includes(id)),
  );
}

async function forget(session: Session, backendIds: readonly string[]): Promise<void> {
  for (const backendId of backendIds) await clusterRows(session).delete({ backendId });
  if (backendIds.length > 0) await bumpRevision(session, 'conditions');
}

/** Deletes what is stored about a group, inside a change that deletes the group itself. */
export async function forgetGroup(session: Session, groupId: string): Promise<void> {
  await keepClusters(session, groupId, []);
  await groupRows(session).delete({ groupId });
  await bumpRevision(session, 'conditions');
}
