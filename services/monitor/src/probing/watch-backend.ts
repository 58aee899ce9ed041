import { setTimeout as delay } from 'node:timers/promises';
import type { Backend } from '@trino-gateway/api/gateway';
import type { Slots } from '../clusters/concurrency-limit.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { type Finding, type VerdictSettings, verdict } from './assess-health.ts';
import type { Look } from './probe-result.ts';

/** What watching one backend needs. */
export type BackendWatchOptions = {
  settings: VerdictSettings & { probe_time_limit: number };
  /** Looks at the cluster; throws only when the signal is aborted. */
  probe: (backend: Backend, limits: { timeLimitMs: number; signal: AbortSignal }) => Promise<Look>;
  slots: Slots;
  /** Does not begin before this: the end of an earlier watch of the same backend. */
  after?: Promise<void> | undefined;
  /** Called after each look; `durationMs` is how long it took. */
  onFound: (finding: Finding, durationMs: number) => void;
  /** Goes on from a look at a cluster that answered; must not fail. The next look waits for it. */
  afterLook?: (limits: { timeLimitMs: number; signal: AbortSignal }) => Promise<void>;
};

/**
 * Looks at one backend again and again, beginning at once. Looks at it never overlap, and it waits for no other backend.
 * Disposal ends the look that is under way; nothing is found after it began.
 */
export function watchBackend(backend: Backend, options: BackendWatchOptions): AsyncDisposable {
  const { settings, probe, slots, after, onFound, afterLook } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const limits = { timeLimitMs: settings.probe_time_limit, signal };
  const look = async (): Promise<{ look: Look; durationMs: number }> => {
    const began = performance.now();
    const found = await probe(backend, limits).catch((error: unknown): Look => {
      signal.throwIfAborted();
      return { outcome: 'unreachable', reason: describeFailure(error, settings.probe_time_limit) };
    });
    return { look: found, durationMs: performance.now() - began };
  };
  const run = async () => {
    let finding: Finding | undefined;
    await after;
    while (!signal.aborted) {
      const seen = await slots.run(signal, look);
      signal.throwIfAborted();
      finding = verdict(backend.id, finding, seen.look, settings, Date.now());
      onFound(finding, seen.durationMs);
      if (afterLook && (seen.look.outcome === 'passed' || seen.look.outcome === 'failing'))
        await slots.run(signal, () => afterLook(limits));
      await delay(finding.lookAgainInMs, undefined, { signal });
    }
  };
  const running = run().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}
