import { ClusterScaling_StateSchema, type ScalingEvent, ScalingEvent_KindSchema } from '@trino-gateway/api/gateway';
import { boundedLabels } from '@trino-gateway/runtime';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Known } from '../configuration/known.ts';

/** What is counted about autoscaling. */
export type ScalingMetrics = {
  /** What a leader did, as it told this process. */
  countEvents(events: readonly ScalingEvent[]): void;
  /** Shows clusters and groups as they are when they are scraped. */
  watch(source: ScalingMetricsSource): void;
};

/** Where the figures are read. */
export type ScalingMetricsSource = {
  known: Pick<Known, 'groups' | 'clusterScaling' | 'groupScaling'>;
  /** Whether a monitor leads; undefined where there is nothing to lead. */
  isLed: () => boolean | undefined;
};

const MOST_SERIES = 5_000;
const STATES = ClusterScaling_StateSchema.values.filter(({ number }) => number > 0);

/** Registers them. */
export function createScalingMetrics(registry: Registry): ScalingMetrics {
  let source: ScalingMetricsSource | undefined;
  registerGauges(registry, () => source);
  const bounded = boundedLabels(MOST_SERIES, ['group']);
  const events = new Counter({
    name: 'trino_gateway_scaling_events_total',
    help: 'What autoscaling did, by group and kind: STARTED, STOPPED, START_FAILED and the others of the history.',
    labelNames: ['group', 'kind'],
    registers: [registry],
  });
  return {
    countEvents: (done) => {
      for (const { groupId: group, kind } of done)
        events.inc(bounded({ group, kind: ScalingEvent_KindSchema.value[kind]?.name ?? '' }));
    },
    watch: (given) => {
      source = given;
    },
  };
}

function registerGauges(registry: Registry, source: () => ScalingMetricsSource | undefined): void {
  new Gauge({
    name: 'trino_gateway_scaling_clusters',
    help: 'Clusters with a scaler by group and the state that autoscaling has them in.',
    labelNames: ['group', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      const bounded = boundedLabels(MOST_SERIES, ['group']);
      const { groups, clusterScaling } = source()?.known ?? {};
      for (const { id: group, autoscaling } of groups?.values() ?? [])
        if (autoscaling) for (const { name: state } of STATES) this.inc(bounded({ group, state }), 0);
      for (const { groupId: group, cluster } of clusterScaling?.values() ?? [])
        this.inc(bounded({ group, state: ClusterScaling_StateSchema.value[cluster.state || 1]?.name ?? '' }));
    },
  });
  groupGauge(registry, source, {
    name: 'trino_gateway_scaling_wanted_clusters',
    help: 'How many clusters of a group should be up or on their way, by the last decision.',
    value: ({ groupScaling }, id) => groupScaling.get(id)?.wantedClusters ?? 0,
  });
  groupGauge(registry, source, {
    name: 'trino_gateway_scaling_paused',
    help: 'Whether an operator has paused autoscaling of a group (1) or not (0).',
    value: ({ groupScaling }, id) => Number(groupScaling.get(id)?.paused ?? false),
  });
  new Gauge({
    name: 'trino_gateway_scaling_led',
    help: 'Whether a monitor leads autoscaling (1); 0 is an alarm: nothing is started or stopped. Absent where no group has autoscaling.',
    labelNames: [],
    registers: [registry],
    collect() {
      this.reset();
      const isLed = source()?.isLed();
      if (isLed === undefined) this.remove();
      else this.set(Number(isLed));
    },
  });
}

type GroupFigure = { name: string; help: string; value: (known: ScalingMetricsSource['known'], id: string) => number };

function groupGauge(
  registry: Registry,
  source: () => ScalingMetricsSource | undefined,
  { name, help, value }: GroupFigure,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['group'],
    registers: [registry],
    collect() {
      this.reset();
      const bounded = boundedLabels(MOST_SERIES, ['group']);
      const { known } = source() ?? {};
      for (const { id: group, autoscaling } of known?.groups.values() ?? [])
        if (known && autoscaling) this.inc(bounded({ group }), value(known, group));
    },
  });
}
