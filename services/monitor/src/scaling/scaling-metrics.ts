import { ScalingEvent_KindSchema as KindSchema, type ScalingEvent } from '@trino-gateway/api/gateway';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallMetrics } from './calls/call-scaler.ts';

/** The metrics of autoscaling. */
export type ScalingMetrics = CallMetrics & {
  /** These were decided, and stored. */
  decided(events: readonly Pick<ScalingEvent, 'kind'>[]): void;
  /** Who leads is asked for when somebody asks for the metrics. */
  leads(holds: () => boolean): void;
};

/** @param prefix of each name */
export function createScalingMetrics(registry: Registry, prefix: string): ScalingMetrics {
  const registers = [registry];
  const calls = new Counter({
    name: `${prefix}scaler_calls_total`,
    help: 'Calls of scalers, by the kind of scaler, the call (state, start, stop) and the result (ok, failed).',
    labelNames: ['scaler', 'call', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: `${prefix}scaler_call_seconds`,
    help: 'Duration of calls of scalers.',
    labelNames: ['scaler', 'call'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const events = new Counter({
    name: `${prefix}scaling_events_total`,
    help: 'What autoscaling decided while this monitor led, by kind; the history of scaling has each.',
    labelNames: ['event'],
    registers,
  });
  let holds = () => false;
  new Gauge({
    name: `${prefix}scaling_leads`,
    help: 'Whether this monitor leads autoscaling (1) or not (0).',
    registers,
    collect() {
      this.set(Number(holds()));
    },
  });
  return {
    called: (scaler, call, succeeded, durationMs) => {
      calls.inc({ scaler, call, result: succeeded ? 'ok' : 'failed' });
      seconds.observe({ scaler, call }, durationMs / 1_000);
    },
    decided: (list) => {
      for (const { kind } of list) events.inc({ event: KindSchema.value[kind]?.name ?? 'UNKNOWN' });
    },
    leads: (given) => {
      holds = given;
    },
  };
}
