import type { Group_Autoscaling, Group_Autoscaling_MinClusters } from '@trino-gateway/api/gateway';

/** Autoscaling as a group asks for it, with the defaults filled in. Times are milliseconds. */
export type Settings = {
  scaleUpQueued: number;
  /** 0: not by time. */
  scaleUpWaitMs: number;
  scaleDownUtilizationPercent: number;
  drainIdleMs: number;
  coolDownMs: number;
  startTimeoutMs: number;
  maxClusters: number;
  minClusters: readonly Group_Autoscaling_MinClusters[];
  settleMs: number;
  warmsUp: boolean;
};

export function settingsOf(asked: Group_Autoscaling | undefined): Settings {
  return {
    scaleUpQueued: Math.max(1, asked?.scaleUpQueued ?? 0),
    scaleUpWaitMs: asked?.scaleUpWaitMs ?? 0,
    scaleDownUtilizationPercent: asked?.scaleDownUtilizationPercent ?? 0,
    drainIdleMs: asked?.drainIdleMs || 60_000,
    coolDownMs: asked?.coolDownMs || 300_000,
    startTimeoutMs: asked?.startTimeoutMs || 600_000,
    maxClusters: asked?.maxClusters || Number.POSITIVE_INFINITY,
    minClusters: asked?.minClusters ?? [],
    settleMs: asked?.settleMs || 5_000,
    warmsUp: (asked?.warmUpStatements.length ?? 0) > 0,
  };
}
