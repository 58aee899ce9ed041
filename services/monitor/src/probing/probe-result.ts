import type { ClusterLoad } from '../clusters/cluster-load.ts';

/** What a coordinator that answered said of itself. */
export type Life = {
  version: string;
  /** Since its process started; undefined when it did not say. */
  uptimeMs: number | undefined;
  /** The suffix of its query ids; undefined when no query told it. */
  coordinatorId: string | undefined;
};

/** What one look at a cluster found. */
export type Look =
  /** No answer, or not one of a coordinator. */
  | { outcome: 'unreachable'; reason: string }
  /** It answers, but says starting. */
  | ({ outcome: 'starting' } & Life)
  /** The health statement failed. */
  | ({ outcome: 'failing'; reason: string } & Life)
  /** The health statement ended FINISHED. Without `load`, `loadProblem` says why it could not be read. */
  | ({ outcome: 'passed'; load?: ClusterLoad; loadProblem?: string; workers?: number } & Life);
