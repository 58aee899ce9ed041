import { type Backend, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { pause } from '@trino-gateway/runtime';

/** Where autoscaling has clusters, as far as it matters to their probes. */
export type ExpectedStates = {
  /** Replaces the list, with what the gatewayserver says of them. */
  setBackends(backends: readonly Pick<Backend, 'id' | 'condition'>[]): void;
  /** It is stopped, on its way there, or not back yet: that it does not answer is no news. */
  mayBeAway(backendId: string): boolean;
  /** Waits until a backend is probed next, which is due in so many milliseconds; never throws. */
  untilNextProbe(backendId: string, dueInMs: number, signal: AbortSignal): Promise<void>;
};

const AWAY: ReadonlySet<State | undefined> = new Set([State.STOPPED, State.STARTING, State.TERMINATING]);
/** Of one that comes or goes it matters when. */
const MOVING_MS = 1_000;
/** It may be started by hand. */
const STOPPED_MS = 30_000;

/** Nothing is expected. */
export function createExpectedStates(): ExpectedStates {
  let expected: ReadonlyMap<string, State> = new Map();
  const waiting = new Map<string, AbortController>();
  const waitMs = (backendId: string, dueInMs: number) => {
    const state = expected.get(backendId);
    if (state === State.STARTING || state === State.TERMINATING) return Math.min(dueInMs, MOVING_MS);
    return state === State.STOPPED ? Math.max(dueInMs, STOPPED_MS) : dueInMs;
  };
  return {
    setBackends: (list) => {
      const before = expected;
      expected = new Map(
        list.flatMap(({ id, condition }) => (condition?.scaling ? [[id, condition.scaling.state]] : [])),
      );
      for (const [id, changed] of waiting) if (before.get(id) !== expected.get(id)) changed.abort();
    },
    mayBeAway: (backendId) => AWAY.has(expected.get(backendId)),
    untilNextProbe: async (backendId, dueInMs, signal) => {
      const startedAt = performance.now();
      let leftMs = waitMs(backendId, dueInMs);
      while (leftMs > 0 && !signal.aborted) {
        const changed = new AbortController();
        waiting.set(backendId, changed);
        await pause(leftMs, AbortSignal.any([signal, changed.signal]));
        waiting.delete(backendId);
        leftMs = waitMs(backendId, dueInMs) - (performance.now() - startedAt);
      }
    },
  };
}
