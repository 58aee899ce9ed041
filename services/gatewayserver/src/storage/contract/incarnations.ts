import type { Incarnation } from '@trino-gateway/api/gateway';

/** Incarnations of coordinators, each the time from one start to the next, known by the suffix of their query ids. */
export type IncarnationStore = {
  read(): Promise<{ revision: number; incarnations: Incarnation[] }>;
  /** Stores or refreshes one (key: suffix and url). */
  record(incarnation: Incarnation): Promise<void>;
  /** Pushes last_seen_at of these suffixes to `at`. */
  touch(suffixes: readonly string[], at: Date): Promise<void>;
  /** Forgets those last seen before. */
  prune(before: Date): Promise<void>;
};
