import { type Backend, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { pause } from '@trino-gateway/runtime';

/** Where autoscaling has clusters, and which ones routers cannot connect to, as far as it matters to their probes. */
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
/** A router cannot connect to it: one probe at once, and more until that is settled. */
const DOUBTED_MS = 2_000;
const AT_ONCE_MS = 500;

/** Nothing is expected. */
export function createExpectedStates(): ExpectedStates {
  let expected: ReadonlyMap<string, State> = new Map();
  let doubted: ReadonlySet<string> = new Set();
  const asked = new Set<string>();
  const waiting = new Map<string, AbortController>();
  const waitMs = (backendId: string, dueInMs: number) => {
    const state = expected.get(backendId);
    if (doubted.has(backendId)) return Math.min(dueInMs, asked.has(backendId) ? AT_ONCE_MS : DOUBTED_MS);
    if (state === State.STARTING || state === State.TERMINATING) return Math.min(dueInMs, MOVING_MS);
    return state === State.STOPPED ? Math.max(dueInMs, STOPPED_MS) : dueInMs;
  };
  return {
    setBackends: (list) => {
      const before = expected;
      expected = new Map(
        list.flatMap(({ id, condition }) => (condition?.scaling ? [[id, condition.scaling.state]] : [])),
      );
      const knownBefore = doubted;
      doubted = new Set(list.filter(({ condition }) => condition?.doubted).map(({ id }) => id));
      for (const id of doubted) if (!knownBefore.has(id)) asked.add(id);
      for (const id of asked) if (!doubted.has(id)) asked.delete(id);
      for (const [id, changed] of waiting) if (before.get(id) !== expected.get(id) || asked.has(id)) changed.abort();
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
      asked.delete(backendId);
    },
  };
}
