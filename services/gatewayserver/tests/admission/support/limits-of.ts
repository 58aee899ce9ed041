import type { Limits, QueueBounds } from '../../../src/admission/limits/limits.ts';

/** Any number may wait; spread it to bound something. */
export const UNBOUNDED_QUEUES: QueueBounds = {
  maxQueued: 0,
  maxQueuedInGroup: 0,
  maxQueuedOfUser: 0,
  maxBytes: 0,
  maxBytesInGroup: 0,
  maxBytesOfUser: 0,
};

/** Every backend is known and available, nothing external runs and the first backend is chosen, unless a test says otherwise. */
export function limitsOf(own: Pick<Limits, 'maxOnBackend' | 'group'> & Partial<Limits>): Limits {
  return {
    isKnown: () => true,
    externalOn: () => 0,
    observedMaxOnBackend: () => 0,
    whyNotAllowed: () => undefined,
    queues: UNBOUNDED_QUEUES,
    coming: () => undefined,
    coordinatorOf: () => '',
    isAvailable: () => true,
    isHalfOpen: () => false,
    outageWaitMs: () => 0,
    whyNoBackend: () => 'none is available',
    choose: (_, ids) => ids[0] ?? '',
    ...own,
  };
}
