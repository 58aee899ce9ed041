/** What the configuration allows, and which backends may receive queries now. */
export type Limits = {
  /** Whether there is such a backend. */
  isKnown(backendId: string): boolean;
  /** The most queries at a time on a backend; 0 means no limit. */
  maxOnBackend(backendId: string): number;
  /** The same of a backend whose limit only observes; 0 where it has none, or it holds. */
  observedMaxOnBackend(backendId: string): number;
  /** Queries on a backend that did not come through the gateway, as the monitor last observed; 0 while unknown. */
  externalOn(backendId: string): number;
  /** The bounds of queues whose groups have none of their own, and of all queues together. */
  readonly queues: QueueBounds;
  /** Undefined when there is no such group. */
  group(groupId: string): GroupLimits | undefined;
  /** How long newcomers wait while a group that refuses queries then has no available backend; 0: not at all. */
  outageWaitMs(groupId: string): number;
  /** Why no backend of a group takes queries now, for clients. */
  whyNoBackend(groupId: string): string;
  /** Why somebody may not use a group, as a sentence for them; undefined when they may. */
  whyNotAllowed(groupId: string, asker: { user: string; source: string }): string | undefined;
  /** Which cluster autoscaling starts for the queries of a group, or would start, as a part of a sentence; undefined: none. */
  coming(groupId: string): string | undefined;
  /** The suffix of the incarnation that the backend has now; empty while nobody has seen it. */
  coordinatorOf(backendId: string): string;
  /** Enabled, healthy, inside its schedule, not draining, below its load threshold. */
  isAvailable(backendId: string): boolean;
  /** It comes back, and takes one query at a time. */
  isHalfOpen(backendId: string): boolean;
  /** One of these backends of a group, by its strategy; there is at least one. */
  choose(groupId: string, backendIds: readonly string[], query: ChosenFor): string;
};

/** What a strategy looks at of a query. */
export type ChosenFor = {
  user: string;
  /** What the strategy AFFINITY goes by, where that is not the user. */
  affinityHash?: number | undefined;
};

/** The most that may wait, in statements and in bytes of sealed statements. 0 means any number. */
export type QueueBounds = {
  maxQueued: number;
  /** In a group that has no bound of its own. */
  maxQueuedInGroup: number;
  /** Of one user, in all groups together that have no bound of their own for it. */
  maxQueuedOfUser: number;
  maxBytes: number;
  maxBytesInGroup: number;
  /** Of one user, in all groups together. */
  maxBytesOfUser: number;
};

/** What a group limits; 0 means none. */
export type OwnLimits = {
  maxOnEachBackend: number;
  maxRunningOfUser: number;
  maxQueued: number;
  maxQueuedOfUser: number;
  maxWaitMs: number;
};

/** The limits of one group; 0 means none of its own. A disabled group has them, too: it gets no newcomers, and its waiters still start. */
export type GroupLimits = OwnLimits & {
  backendIds: readonly string[];
  /** The limits of a group whose limits only observe: its own are 0 then. */
  observed?: OwnLimits | undefined;
  /** What runs must be known: autoscaling starts and stops some of its backends. */
  isCounted?: boolean;
  /** It gets no queries but those that wait in it. */
  isDisabled?: boolean;
  /** Where its queries go on to for want of room, and after what time. */
  spillOver?: { groupId: string; afterMs: number } | undefined;
  fairShare: boolean;
  /** Queries wait while no backend is available, instead of being refused. */
  queuesWhenUnavailable: boolean;
};

/** Whether its queries wait while none of its backends is available: it says so, or autoscaling starts one for them. */
export function waitsForBackend(limits: Pick<Limits, 'group' | 'coming'>, groupId: string): boolean {
  return limits.group(groupId)?.queuesWhenUnavailable === true || limits.coming(groupId) !== undefined;
}

/**
 * Whether the configuration bounds what runs in a group, or observes that, or whether it must be known for autoscaling. Where that
 * is not so, its queries need no leases.
 */
export function isLimited(limits: Pick<Limits, 'maxOnBackend' | 'observedMaxOnBackend'>, group: GroupLimits): boolean {
  const { maxOnEachBackend, maxRunningOfUser } = group.observed ?? group;
  const isOnBackend = (id: string) => limits.maxOnBackend(id) > 0 || limits.observedMaxOnBackend(id) > 0;
  return group.isCounted === true || maxOnEachBackend > 0 || maxRunningOfUser > 0 || group.backendIds.some(isOnBackend);
}
