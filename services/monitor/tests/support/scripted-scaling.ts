import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type ClusterScaling,
  type ClusterScalingSchema,
  GetDrainStatusResponse_RemainingSchema,
  GetDrainStatusResponseSchema,
  type Group_AutoscalingSchema,
  type GroupScaling,
  GroupScalingSchema,
  LeadScalingResponseSchema,
  RecordScalingResponseSchema,
  type ScalingEvent,
  ScalingEvent_KindSchema,
} from '@trino-gateway/api/gateway';
import type { LeadCalls } from '../../src/scaling/lead.ts';
import type { Steering } from '../../src/scaling/steer-group.ts';

const LEASE_MS = 10_000;

/** Autoscaling as a gatewayserver keeps it, with a clock that the test moves. */
export type ScriptedScaling = LeadCalls &
  Steering['drains'] & {
    /** All clocks, by so many milliseconds. */
    after(ms: number): void;
    /** The clock of the database alone. */
    setBack(ms: number): void;
    /** The steady clock of the monitors. */
    now: () => number;
    /** The clock of the database. */
    time: () => Timestamp;
    group(id: string): GroupScaling;
    cluster(id: string): ClusterScaling;
    readonly holder: string | undefined;
    /** Every decision that was stored, as `group: cluster STATE …`. */
    readonly records: string[];
    readonly events: string[];
    /** Asked before a call is answered; throws to fail it. */
    before: { lead: () => Promise<void>; record: (group: GroupScaling) => Promise<void> };
    /** The answer to whether a cluster is drained. */
    drained: Map<string, boolean>;
  };

/** Groups of these clusters, each with a scaler. */
export function scriptedScaling(
  groups: Record<string, MessageInitShape<typeof ClusterScalingSchema>[]>,
  autoscaling: MessageInitShape<typeof Group_AutoscalingSchema> = {},
): ScriptedScaling {
  let steady = 1_000_000;
  let skew = Date.UTC(2026, 0, 5, 12);
  let fence = 0n;
  let holder: string | undefined;
  let leaseUntil = Number.NEGATIVE_INFINITY;
  const stored = new Map(
    Object.entries(groups).map(([groupId, clusters]) => {
      const scalable = clusters.map((cluster) => ({ ...cluster, scalable: true }));
      return [groupId, create(GroupScalingSchema, { groupId, autoscaling, clusters: scalable as ClusterScaling[] })];
    }),
  );
  const of = (id: string) => {
    const group = stored.get(id);
    if (!group) throw new Error(`no group ${id}`);
    return group;
  };
  const records: string[] = [];
  const events: string[] = [];
  const sealed = new Map<string, boolean>();
  const self: ScriptedScaling = {
    after: (ms) => {
      steady += ms;
    },
    setBack: (ms) => {
      skew -= ms;
    },
    now: () => steady,
    time: () => timestampFromMs(skew + steady),
    group: of,
    cluster: (id) => {
      const all = [...stored.values()].flatMap(({ clusters }) => clusters);
      const cluster = all.find(({ backendId }) => backendId === id);
      if (!cluster) throw new Error(`no cluster ${id}`);
      return cluster;
    },
    get holder() {
      return holder;
    },
    records,
    events,
    before: { lead: async () => {}, record: async () => {} },
    drained: sealed,
    leadScaling: async ({ monitorId = '', resign }) => {
      await self.before.lead();
      const isFree = holder === undefined || steady >= leaseUntil;
      if (!isFree && holder !== monitorId) return create(LeadScalingResponseSchema, { leads: false });
      if (resign) {
        holder = undefined;
        return create(LeadScalingResponseSchema, { leads: false });
      }
      if (holder !== monitorId) fence += 1n;
      holder = monitorId;
      leaseUntil = steady + LEASE_MS;
      const now = self.time();
      const shown = [...stored.values()].map((group) => ({ ...clone(GroupScalingSchema, group), now }));
      return create(LeadScalingResponseSchema, { leads: true, fence, leaseMs: LEASE_MS, groups: shown });
    },
    recordScaling: async ({ monitorId, fence: given, group, events: done = [] }) => {
      await self.before.record(group as GroupScaling);
      if (holder !== monitorId || given !== fence) throw new ConnectError('another leads', Code.FailedPrecondition);
      store(of(group?.groupId ?? ''), group as GroupScaling);
      records.push(shownGroup(group as GroupScaling));
      for (const event of done as ScalingEvent[])
        events.push(`${event.backendId} ${ScalingEvent_KindSchema.value[event.kind]?.name}`);
      return create(RecordScalingResponseSchema);
    },
    getDrainStatus: async ({ id = '' }) => {
      const drained = sealed.get(id) ?? false;
      if (drained) self.cluster(id).sealed = true;
      const remaining = drained ? [] : [create(GetDrainStatusResponse_RemainingSchema, { kind: 1, count: 1 })];
      return create(GetDrainStatusResponseSchema, { backendId: id, drained, sealed: drained, remaining });
    },
  };
  return self;
}

/** The loop has looked at the groups several times more. */
export async function looks(scaling: ScriptedScaling): Promise<void> {
  const { lead } = scaling.before;
  let left = 8;
  const seen = Promise.withResolvers<void>();
  scaling.before.lead = async () => {
    left -= 1;
    if (left === 0) seen.resolve();
    return lead();
  };
  await seen.promise;
  scaling.before.lead = lead;
}

/** Only what a decision says; the rest is what the test says. */
function store(group: GroupScaling, decided: GroupScaling): void {
  const { wantedClusters, reason, decidedAt, lastChangeAt } = decided;
  Object.assign(group, { wantedClusters, reason, decidedAt, lastChangeAt });
  group.clusters = group.clusters.map((cluster, at) => {
    const { healthy, healthySince, running, remaining, sealed, deactivatedReason } = cluster;
    return {
      ...decided.clusters[at],
      healthy,
      healthySince,
      running,
      remaining,
      sealed,
      deactivatedReason,
    } as ClusterScaling;
  });
}

function shownGroup({ groupId, clusters }: GroupScaling): string {
  return `${groupId}: ${clusters.map(({ backendId, state }) => `${backendId} ${STATES[state]}`).join(', ')}`;
}

const STATES = ['?', 'UNKNOWN', 'STOPPED', 'STARTING', 'READY', 'UNHEALTHY', 'DRAINING', 'TERMINATING', 'DEACTIVATED'];
