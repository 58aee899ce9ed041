import type { ClusterScaling, GroupScaling, ScalingEvent } from '@trino-gateway/api/gateway';

/** Where autoscaling has one cluster, and the group for which that was decided: the stored fields of the message are set. */
export type StoredCluster = { groupId: string; cluster: ClusterScaling };

/** What is stored of autoscaling beside its history. Of groups: whether they are paused, and the last decision. */
export type ScalingState = { clusters: StoredCluster[]; groups: GroupScaling[] };

/** The lead over autoscaling: the fence grows each time that another one takes it. */
export type ScalingLead = { holder: string; fence: number };

/** A page of the history, newest first. */
export type ScalingEventFilter = {
  /** Empty: of all. */
  groupId: string;
  backendId: string;
  most: number;
  /** Behind this id; empty: from the newest on. */
  after: string;
};

/**
 * Autoscaling: where it has each cluster, what was decided for each group, and what was done. Of the state the leader writes the
 * decisions, and operators what is paused and what is to be stopped by force; it is read with the conditions. Nothing is stored
 * about a backend or a group that does not exist, or does not take part any more.
 */
export type ScalingStore = {
  /**
   * Takes or prolongs the lead for `ms` from now on by the database's clock. Undefined while another holder has it. Whoever held it
   * last keeps its fence, also after its time.
   */
  lead(holder: string, ms: number): Promise<(ScalingLead & { now: Date }) | undefined>;
  /** Gives the lead up, if this holder has it: another may take it at once. */
  resign(holder: string): Promise<void>;
  /** Who leads now; empty while nobody does. */
  leader(): Promise<{ holder: string; now: Date }>;
  /**
   * Stores a decision, all or nothing: every cluster of the group with it. Undefined, and nothing is changed, when the lead is
   * another's by now. Repeated, it changes nothing more. @returns the events that were new
   */
  record(
    lead: ScalingLead,
    decision: GroupScaling,
    events: readonly ScalingEvent[],
  ): Promise<ScalingEvent[] | undefined>;
  /** @returns false when it was so already, or the group does not exist; the history keeps a change */
  pause(groupId: string, paused: boolean, reason: string): Promise<boolean>;
  /** An operator wants it stopped without a proven drain. @returns false when it does not exist */
  forceStop(backendId: string, groupId: string, reason: string): Promise<boolean>;
  events(filter: ScalingEventFilter): Promise<ScalingEvent[]>;
  /** Forgets all but the newest events. */
  prune(kept: number): Promise<void>;
};
