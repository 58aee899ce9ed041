/** How often a step of the routing chain, or a rule of it, did something on a day. */
export type RoutingHits = {
  /** Of UTC, as 2026-01-31. */
  day: string;
  stepId: string;
  /** Empty: of the step itself. */
  ruleId: string;
  did: string;
  hits: number;
};

/** Counts by day. */
export type RoutingHitStore = {
  /** Adds to what is there, all or nothing. */
  add(hits: readonly RoutingHits[]): Promise<void>;
  /** Of these days, both included; of all steps, or of one. At most `most` rows, by day. */
  list(days: { from: string; to: string }, stepId: string | undefined, most: number): Promise<RoutingHits[]>;
  /** Forgets the days before this one. */
  prune(beforeDay: string): Promise<void>;
};
