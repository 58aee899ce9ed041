/** What the configuration allows, and which backends may be given queries now. */
export type Limits = {
  /** Whether there is such a backend. */
  isKnown(backendId: string): boolean;
  /** The most queries at a time on a backend; 0 means no limit. */
  maxOnBackend(backendId: string): number;
  /** What runs on a backend past the gateway, as the monitor last saw; 0 while unknown. */
  foreignOn(backendId: string): number;
  /** What bounds the queues where their groups say nothing, and all of them together. */
  readonly queues: QueueBounds;
  /** Undefined when there is no such group. */
  group(groupId: string): GroupLimits | undefined;
  /** Enabled, healthy, inside its schedule, not draining, below its load threshold. */
  isAvailable(backendId: string): boolean;
  /** One of these backends of a group, by its strategy; there is at least one. */
  choose(groupId: string, backendIds: readonly string[], user: string): string;
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

/** The limits of one group, also of a disabled one: it gets no newcomers, and who waits in it starts in turn. 0 means none of its own. */
export type GroupLimits = {
  backendIds: readonly string[];
  maxOnEachBackend: number;
  maxRunningOfUser: number;
  maxQueued: number;
  maxQueuedOfUser: number;
  maxWaitMs: number;
  fairShare: boolean;
  /** Queries wait while no backend is available, instead of being refused. */
  queuesWhenUnavailable: boolean;
};

/** Whether the configuration bounds what runs in a group. Where nothing does, its queries need no lease. */
export function isLimited(limits: Pick<Limits, 'maxOnBackend'>, group: GroupLimits): boolean {
  const { maxOnEachBackend, maxRunningOfUser, backendIds } = group;
  return maxOnEachBackend > 0 || maxRunningOfUser > 0 || backendIds.some((id) => limits.maxOnBackend(id) > 0);
}
