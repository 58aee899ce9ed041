import type { Backend } from '@trino-gateway/api/gateway';
import type { ClusterLimits } from '../clusters/cluster-connections.ts';
import type { ConcurrencyLimit } from '../clusters/concurrency-limit.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { assessHealth, type HealthAssessment, type HealthSettings } from './assess-health.ts';
import type { ProbeResult } from './probe-result.ts';

/** What watching one backend needs. */
export type BackendWatchOptions = {
  settings: HealthSettings & { probe_time_limit: number };
  /** Probes the cluster; throws only when the signal is aborted. */
  probe: (backend: Backend, limits: ClusterLimits) => Promise<ProbeResult>;
  limit: ConcurrencyLimit;
  /** The watch starts after this: the end of the previous watch of the same backend. */
  after?: Promise<void> | undefined;
  /** Called after each probe; `durationMs` is how long it took. */
  onAssessed: (assessment: HealthAssessment, durationMs: number) => void;
  /** Waits until the next probe, which is due in so many milliseconds. */
  untilNextProbe: (backendId: string, dueInMs: number, signal: AbortSignal) => Promise<void>;
  /** What else a cluster that answered is asked; must not fail. The next probe waits for it. */
  afterProbe?: (limits: ClusterLimits) => Promise<void>;
};

/**
 * Probes one backend again and again, beginning at once. Its probes never overlap, and wait for no other backend.
 * Disposal ends the probe that is under way; nothing is assessed after it began.
 */
export function watchBackend(backend: Backend, options: BackendWatchOptions): AsyncDisposable {
  const { settings, limit, after, onAssessed, afterProbe } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const limits = { timeLimitMs: settings.probe_time_limit, signal };
  const probe = async (): Promise<{ result: ProbeResult; durationMs: number }> => {
    const startedAt = performance.now();
    const result = await options.probe(backend, limits).catch((error: unknown): ProbeResult => {
      signal.throwIfAborted();
      return { outcome: 'unreachable', reason: describeFailure(error, settings.probe_time_limit) };
    });
    return { result, durationMs: performance.now() - startedAt };
  };
  const run = async () => {
    let assessment: HealthAssessment | undefined;
    await after;
    while (!signal.aborted) {
      const { result, durationMs } = await limit.run(signal, probe);
      signal.throwIfAborted();
      assessment = assessHealth(backend.id, assessment, result, settings, Date.now());
      onAssessed(assessment, durationMs);
      if (afterProbe && (result.outcome === 'passed' || result.outcome === 'failing'))
        await limit.run(signal, () => afterProbe(limits));
      await options.untilNextProbe(backend.id, assessment.nextProbeInMs, signal);
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
