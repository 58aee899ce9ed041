/** What the configuration allows, and which backends may be given queries now. */
export type Limits = {
  /** The most queries at a time on a backend; 0 means no limit. */
  maxOnBackend(backendId: string): number;
  /** Undefined when there is no such group, or it is disabled. */
  group(groupId: string): GroupLimits | undefined;
  /** The enabled groups that hold a backend. */
  groupsOf(backendId: string): readonly string[];
  /** Enabled, healthy, inside its schedule, not draining, below its load threshold. */
  isAvailable(backendId: string): boolean;
  /** One of these backends of a group, by its strategy; there is at least one. */
  choose(groupId: string, backendIds: readonly string[], user: string): string;
};

/** The limits of one group; 0 means none. */
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
  /** An operator holds it: nobody of it is started. */
  held: boolean;
};
