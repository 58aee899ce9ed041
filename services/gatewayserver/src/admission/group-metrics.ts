import { boundedLabels } from '@trino-gateway/runtime';
import { Counter, type Registry } from 'prom-client';
import type { Committed } from './ledger/run-batch.ts';
import type { Observation } from './rules/observed-limits.ts';

/** What is counted about groups: whom they pass over, where they spill over to, what their limits would have done. */
export type GroupMetrics = {
  countObserved(observation: Omit<Observation, 'text'>): void;
  countPassedOver(groups: readonly { groupId: string; observed: boolean }[]): void;
  countSpillOver(from: string, to: string): void;
};

const MOST_SERIES = 1_000;

/** Registers them. */
export function createGroupMetrics(registry: Registry): GroupMetrics & { countCommitted(committed: Committed): void } {
  const boundedLimits = boundedLabels(MOST_SERIES, ['group']);
  const observed = new Counter({
    name: 'trino_gateway_limits_observed_total',
    help: 'Queries that a limit which only observes would have made wait, or refused, by group, limit and which of both.',
    labelNames: ['group', 'limit', 'would'],
    registers: [registry],
  });
  const boundedGroups = boundedLabels(MOST_SERIES, ['group']);
  const passedOver = new Counter({
    name: 'trino_gateway_groups_passed_over_total',
    help: 'Decisions in which a group was passed over, because the user or the source may not use it; or, observed, would have been.',
    labelNames: ['group', 'observed'],
    registers: [registry],
  });
  const boundedSpills = boundedLabels(MOST_SERIES, ['from', 'to']);
  const spilled = new Counter({
    name: 'trino_gateway_spill_overs_total',
    help: 'Queries that started in the spill-over group of their group.',
    labelNames: ['from', 'to'],
    registers: [registry],
  });
  const metrics: GroupMetrics = {
    countObserved: ({ groupId: group, limit, would }) => observed.inc(boundedLimits({ group, limit, would })),
    countPassedOver: (groups) => {
      for (const { groupId: group, observed: isObserved } of groups)
        passedOver.inc(boundedGroups({ group, observed: String(isObserved) }));
    },
    countSpillOver: (from, to) => spilled.inc(boundedSpills({ from, to })),
  };
  return {
    ...metrics,
    countCommitted: ({ waiters }) => {
      for (const { before, after } of waiters) {
        if (!after) continue;
        const { groupId, phase, claim } = after;
        if (phase === 'HANDED_OVER' && before?.phase !== phase && claim?.groupId !== undefined)
          metrics.countSpillOver(groupId, claim.groupId);
        if (after.isOverdue && !before?.isOverdue)
          metrics.countObserved({ groupId, limit: 'max_wait_ms', would: 'refuse' });
      }
    },
  };
}
