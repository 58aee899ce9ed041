import { randomUUID } from 'node:crypto';
import type { MonitorConfig } from '@trino-gateway/config';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import { createScalers } from './calls/call-scaler.ts';
import { createErrands } from './calls/errands.ts';
import { createReadings } from './calls/readings.ts';
import { createLead, type LeadCalls } from './lead.ts';
import { runScaling, type ScalingLoop, type ScalingLoopOptions } from './scaling-loop.ts';
import type { ScalingMetrics } from './scaling-metrics.ts';

export type StartScalingOptions = Pick<ScalingLoopOptions, 'drains' | 'connection' | 'connections' | 'logger'> & {
  service: LeadCalls;
  metrics: ScalingMetrics;
  kubernetes: Kubernetes;
};

/** Autoscaling with the scalers of the registry. It knows no backends before it is given some. */
export function startScaling(
  config: MonitorConfig,
  { service, metrics, kubernetes, ...options }: StartScalingOptions,
): ScalingLoop {
  const now = () => performance.now();
  const lead = createLead(randomUUID(), service, options.logger, now);
  metrics.leads(lead.holds);
  const scalers = createScalers(config, { called: metrics.called, kubernetes, logger: options.logger });
  const loop = runScaling({
    ...options,
    lead,
    metrics,
    scalers,
    readings: createReadings({ read: scalers.state, now }),
    tellings: createErrands(now),
    warmUps: createErrands(now),
    intervalMs: config.scaling_interval,
    now,
  });
  return {
    setBackends: loop.setBackends,
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      await scalers[Symbol.asyncDispose]();
    },
  };
}
