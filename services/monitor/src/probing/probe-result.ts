import type { ClusterLoad } from '../clusters/cluster-load.ts';

/** What a coordinator that answered said of itself: one incarnation lives from a start of its process to the next. */
export type Incarnation = {
  version: string;
  /** Since its process started; undefined when it did not say. */
  uptimeMs: number | undefined;
  /** The suffix of its query ids; undefined when no query told it. */
  coordinatorId: string | undefined;
};

/** What one probe of a cluster found. */
export type ProbeResult =
  /** No answer, or not one of a coordinator. */
  | { outcome: 'unreachable'; reason: string }
  /** It answers, but says that it is starting. */
  | ({ outcome: 'starting' } & Incarnation)
  /** The health statement failed. */
  | ({ outcome: 'failing'; reason: string } & Incarnation)
  /** The health statement ended FINISHED. Without `load`, `loadProblem` says why it could not be read. */
  | ({ outcome: 'passed'; load?: ClusterLoad; loadProblem?: string; workers?: number } & Incarnation);
