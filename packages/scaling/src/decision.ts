import type { ClusterScaling, ScalingEvent_Kind } from '@trino-gateway/api/gateway';

/** What a scaler is told. Repeating it changes nothing. */
export type ScalerAction = { backendId: string; tell: 'START' | 'STOP'; reason: string };

/** What should become of one group now. */
export type GroupDecision = {
  /** How many clusters should be up or on their way. */
  wantedClusters: number;
  /** Why, in words for an operator. */
  reason: string;
  /** Every cluster of the group as it is from now on: the stored fields count. */
  clusters: ClusterScaling[];
  /** What scalers are told now: nothing that they were told already, unless they seem to have forgotten it. */
  actions: ScalerAction[];
  /** For the history. */
  events: { backendId: string; kind: ScalingEvent_Kind; reason: string }[];
};
