import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ClusterScaling, ScalingEvent_Kind } from '@trino-gateway/api/gateway';

/**
 * What a scaler is to be told. It comes again with each decision until `told_at` of the cluster says that the scaler took it;
 * repeating it changes nothing.
 */
export type ScalerAction = { backendId: string; tell: 'START' | 'STOP'; reason: string };

/** For the history. */
export type ScalingChange = { backendId: string; kind: ScalingEvent_Kind; reason: string };

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
  events: ScalingChange[];
  /** When a cluster was last started, drained or stopped, this decision included. */
  lastChangeAt: Timestamp | undefined;
};
