import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ClusterScaling_State,
  ClusterScalingSchema,
  type GetDrainStatusResponse_Remaining,
  GetDrainStatusResponse_Remaining_Kind,
  GetDrainStatusResponse_RemainingSchema,
  type Group,
  type GroupScaling,
  GroupScalingSchema,
} from '@trino-gateway/api/gateway';
import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { AdmissionState } from '../admission/state/admission-state.ts';
import type { Known } from '../configuration/known.ts';
import type { DrainStatus } from '../drain/proving/prove-drain.ts';
import { isHealthy, whyDeactivated } from '../routing/availability/availability.ts';
import type { BackendFacts } from '../routing/availability/facts.ts';
import { hasScaler } from '../routing/indexed-configuration.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { demandOf } from './demand.ts';

/** What pictures are made of. */
export type PictureSource = {
  known: Pick<Known, 'groups' | 'groupScaling'>;
  snapshot: Pick<Snapshot, 'facts' | 'loadMaxAgeMs'>;
  state: AdmissionState;
  limits: Pick<ConfiguredLimits, 'group' | 'maxOnBackend' | 'externalOn'>;
  /** What ties those that drain. */
  drains: ReadonlyMap<string, Pick<DrainStatus, 'remaining'>>;
  /** Of the database's clock. */
  now: number;
  /** Empty while nobody leads. */
  leader: string;
};

/** Autoscaling of a group as it is now: what is stored, and what decisions need besides. */
export function pictureOf(source: PictureSource, { id, autoscaling, backendIds }: Group): GroupScaling {
  const { known, state, limits, now, leader } = source;
  const decided = known.groupScaling.get(id);
  return {
    ...(decided ?? create(GroupScalingSchema)),
    groupId: id,
    ...(autoscaling && { autoscaling }),
    clusters: backendIds.map((backendId) => clusterOf(source, id, backendId)),
    ...demandOf(state, limits, id, now),
    leader,
    now: timestampFromMs(now),
  };
}

/** One cluster of a group. Of one without a scaler nothing is stored that would count. */
export function clusterOf(source: PictureSource, groupId: string, backendId: string): ClusterScaling {
  const { snapshot, state, limits, now } = source;
  const facts = snapshot.facts(backendId);
  if (!facts) return create(ClusterScalingSchema, { backendId });
  const { cluster } = facts.scaling ?? {};
  const healthySince = facts.status?.healthy ? facts.status.healthySince : undefined;
  return {
    ...(cluster ?? create(ClusterScalingSchema)),
    backendId,
    state: cluster?.state || ClusterScaling_State.UNKNOWN,
    deactivatedReason: whyDeactivated(facts, now),
    healthy: isHealthy(facts, now),
    ...(healthySince && { healthySince }),
    running: Math.max(state.onBackend(backendId) + limits.externalOn(backendId), runningAtProbe(source, facts)),
    slots: slotsOf(limits, groupId, backendId),
    sealed: facts.sealed === true,
    remaining: remainingOf(source, backendId, cluster),
    scalable: hasScaler(facts.backend),
  };
}

/** What its last probe saw run: also queries from before their slots were counted. 0 where that is not known, or long ago. */
function runningAtProbe({ snapshot, now }: PictureSource, { status }: BackendFacts): number {
  if (!status?.observedAt || now - timestampMs(status.observedAt) > snapshot.loadMaxAgeMs) return 0;
  return status.running ?? 0;
}

/** Only of one that drains. What was not asked about is not known, and not nothing. */
function remainingOf(
  { drains }: PictureSource,
  backendId: string,
  cluster: ClusterScaling | undefined,
): GetDrainStatusResponse_Remaining[] {
  if (cluster?.state !== ClusterScaling_State.DRAINING) return [];
  const { remaining } = drains.get(backendId) ?? { remaining: NOT_ASKED };
  return remaining.map(({ kind, count, text }) =>
    create(GetDrainStatusResponse_RemainingSchema, { kind: GetDrainStatusResponse_Remaining_Kind[kind], count, text }),
  );
}

const NOT_ASKED: DrainStatus['remaining'] = [{ kind: 'UNKNOWN', count: 1, text: 'GetDrainStatus tells what ties it' }];

/** The most queries of a group on a backend at a time; 0: nothing limits them. */
function slotsOf(limits: PictureSource['limits'], groupId: string, backendId: string): number {
  const each = limits.group(groupId)?.maxOnEachBackend ?? 0;
  const most = limits.maxOnBackend(backendId);
  return each > 0 && most > 0 ? Math.min(each, most) : each || most;
}
