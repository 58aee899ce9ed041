import type { LiveView } from './strategies/strategy.ts';

/** What a decision depends on besides the request and the snapshot. */
export type Circumstances = {
  /** Epoch milliseconds. */
  now: number;
  /** Drawn at random, from 0 up to but not 1. */
  chance: number;
  /** How many choices were made in a group before: round robin goes on from there. */
  cursor: (groupId: string) => number;
  live: LiveView;
  /** Backends that already failed for this query: never chosen. */
  excluded?: ReadonlySet<string>;
  /** When a query was last started on a backend, epoch milliseconds; 0 while that is not known. */
  lastStartedAt?: (backendId: string) => number;
  /** Backends just seen failing: chosen only when no other is available. */
  avoided?: ReadonlySet<string>;
};
