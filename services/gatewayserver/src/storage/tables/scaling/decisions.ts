import { clone, create } from '@bufbuild/protobuf';
import {
  type ClusterScaling,
  ClusterScaling_State,
  ClusterScalingSchema,
  type GroupScaling,
  GroupScalingSchema,
  GroupSchema,
  type ScalingEvent,
} from '@trino-gateway/api/gateway';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { ScalingLead } from '../../contract/scaling.ts';
import type { ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { endDrain } from '../drains.ts';
import { bumpRevision, lockRevision } from '../revisions.ts';
import { clusterRows, groupRows, isBeingStopped, keepClusters } from '../scaling-state.ts';
import { addEvents } from './events.ts';
import { isLead } from './lead.ts';

/** See ScalingStore.record. */
export function recordDecision(
  database: Database,
  lead: ScalingLead,
  decision: GroupScaling,
  events: readonly ScalingEvent[],
): Promise<ScalingEvent[] | undefined> {
  return database.transaction(async (session) => {
    if (!(await isLead(session, lead))) return undefined;
    await lockRevision(session, 'conditions');
    const members = await scaledMembers(session, decision.groupId);
    if (members === undefined) return [];
    const clusters = decision.clusters.filter(({ backendId }) => members.includes(backendId));
    await keepClusters(
      session,
      decision.groupId,
      clusters.map(({ backendId }) => backendId),
    );
    const changes = [await putDecision(session, decision)];
    for (const cluster of clusters) changes.push(await putCluster(session, decision.groupId, cluster));
    if (changes.includes(true)) await bumpRevision(session, 'conditions');
    return addEvents(session, events);
  });
}

/** The members of a group that is scaled now; it may have changed since it was decided about. */
async function scaledMembers({ manager }: Session, groupId: string): Promise<readonly string[] | undefined> {
  const row = await manager.getRepository<ObjectRow>(TABLES.groups).findOneBy({ id: groupId });
  const group = row === null ? undefined : fromDocument(GroupSchema, row.document);
  return group?.autoscaling && group.backendIds;
}

/** @returns whether that was a change */
async function putDecision(session: Session, decision: GroupScaling): Promise<boolean> {
  const { groupId, wantedClusters, reason, decidedAt, lastChangeAt } = decision;
  const document = toDocument(
    GroupScalingSchema,
    create(GroupScalingSchema, {
      wantedClusters,
      reason,
      ...(decidedAt && { decidedAt }),
      ...(lastChangeAt && { lastChangeAt }),
    }),
  );
  const old = await groupRows(session).findOneBy({ groupId });
  if (old?.document === document) return false;
  if (old) await groupRows(session).update({ groupId }, { document });
  else await groupRows(session).insert({ groupId, document, paused: false, pauseReason: '' });
  return true;
}

async function putCluster(session: Session, groupId: string, cluster: ClusterScaling): Promise<boolean> {
  const { backendId } = cluster;
  const document = toDocument(ClusterScalingSchema, storedPart(cluster));
  const old = await clusterRows(session).findOneBy({ backendId });
  const forceStop = old?.forceStop === true && !isStopDone(cluster);
  if (old?.document === document && old.groupId === groupId && old.forceStop === forceStop) return false;
  if (old && isBeingStopped(old) && !isBeingStopped({ document })) await endDrain(session, backendId);
  if (old) await clusterRows(session).update({ backendId }, { groupId, document, forceStop });
  else await clusterRows(session).insert({ backendId, groupId, document, forceStop });
  return true;
}

/** What an operator asked for is done; the leader that did not know of it yet says nothing of that. */
function isStopDone({ state, forceStop }: ClusterScaling): boolean {
  return !forceStop && (state === ClusterScaling_State.TERMINATING || state === ClusterScaling_State.STOPPED);
}

/** What the leader says of a cluster; the rest of the message has columns of its own, is an operator's word, or is computed. */
function storedPart(cluster: ClusterScaling): ClusterScaling {
  const { healthySince: _, ...said } = clone(ClusterScalingSchema, cluster);
  const elsewhere = { backendId: '', forceStop: false };
  const computed = {
    ...{ deactivatedReason: '', healthy: false, running: 0, slots: 0 },
    ...{ remaining: [], sealed: false, scalable: false },
  };
  return { ...said, ...elsewhere, ...computed };
}
