import type { GroupLimits } from '../../../src/admission/limits/limits.ts';

/** A group of these backends in which nothing is limited; spread it to limit something. */
export function groupWithoutLimits(backendIds: readonly string[]): GroupLimits {
  return {
    backendIds,
    maxOnEachBackend: 0,
    maxRunningOfUser: 0,
    maxQueued: 0,
    maxQueuedOfUser: 0,
    maxWaitMs: 0,
    fairShare: false,
    queuesWhenUnavailable: false,
  };
}
