import { boundedLabels } from '@trino-gateway/runtime';
import { Counter, Histogram, type Registry } from 'prom-client';
import { createGroupMetrics, type GroupMetrics } from './group-metrics.ts';
import type { Committed } from './ledger/run-batch.ts';
import { type QueueSource, registerQueueGauges } from './queue-gauges.ts';

/** What became of a statement that was offered a slot. */
export type AssignResult = 'accepted' | 'lost' | 'failed' | 'unauthenticated';

/** How it was known that a query has ended: by its last page, by the monitor's sweep, by an event of its cluster. */
export type SettledBy = 'page' | 'look' | 'event';

/** What is counted about slots and queues. */
export type AdmissionMetrics = {
  /** About groups. */
  groups: GroupMetrics;
  countAssign(result: AssignResult): void;
  /** Leases that ended because their queries have. */
  countSettled(by: SettledBy, leases: number): void;
  countCommitted(committed: Committed): void;
  /** Shows queues and slots as they are when they are scraped. */
  watch(queues: QueueSource): void;
};

const MOST_SERIES = 1_000;
const WAIT_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const BATCH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Registers them. */
export function createAdmissionMetrics(registry: Registry): AdmissionMetrics {
  let source: QueueSource | undefined;
  registerQueueGauges(registry, () => source);
  const countWaiters = waiterMetrics(registry);
  const counts = slotMetrics(registry);
  const countBatch = batchMetrics(registry);
  const groups = createGroupMetrics(registry);
  return {
    ...counts,
    groups,
    countCommitted: (committed) => {
      countBatch(committed);
      countWaiters(committed);
      groups.countCommitted(committed);
    },
    watch: (queues) => {
      source = queues;
    },
  };
}

/** How long queries waited, and why others never ran. */
function waiterMetrics(registry: Registry): (committed: Committed) => void {
  const boundedWaits = boundedLabels(MOST_SERIES, ['group']);
  const waits = new Histogram({
    name: 'trino_gateway_queue_wait_seconds',
    help: 'How long queries waited in a group until a cluster took them, by group.',
    labelNames: ['group'],
    buckets: WAIT_SECONDS,
    registers: [registry],
  });
  const boundedEnds = boundedLabels(MOST_SERIES, ['group']);
  const ends = new Counter({
    name: 'trino_gateway_queue_ended_total',
    help: 'Queries that waited and will never run, by group and error name.',
    labelNames: ['group', 'error'],
    registers: [registry],
  });
  return ({ waiters }) => {
    for (const { before, after } of waiters) {
      if (!after || before?.phase === after.phase) continue;
      const { groupId: group, queuedAt, endedAt } = after;
      if (after.phase === 'HANDED_OVER')
        waits.observe(boundedWaits({ group }), Math.max(0, endedAt - queuedAt) / 1_000);
      if (after.phase === 'ENDED') ends.inc(boundedEnds({ group, error: after.endedBy }));
    }
  };
}

function slotMetrics(registry: Registry): Pick<AdmissionMetrics, 'countAssign' | 'countSettled'> {
  const assigned = new Counter({
    name: 'trino_gateway_queue_hand_overs_total',
    help: 'Statements given to a cluster from a queue, by result: accepted, lost (the claim was over), failed, unauthenticated.',
    labelNames: ['result'],
    registers: [registry],
  });
  const settled = new Counter({
    name: 'trino_gateway_leases_settled_total',
    help: 'Slots given back because their queries have ended, by how that was known: from the last page, by an event of the cluster, or by a look.',
    labelNames: ['by'],
    registers: [registry],
  });
  return {
    countAssign: (result) => assigned.inc({ result }),
    countSettled: (by, leases) => {
      if (leases > 0) settled.inc({ by }, leases);
    },
  };
}

function batchMetrics(registry: Registry): (committed: Committed) => void {
  const size = new Histogram({
    name: 'trino_gateway_admission_batch_size',
    help: 'Changes of admission that were stored together.',
    buckets: BATCH_SIZES,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'trino_gateway_admission_batch_seconds',
    help: 'Duration of a transaction of admission.',
    buckets: BATCH_SECONDS,
    registers: [registry],
  });
  return ({ commands, durationMs }) => {
    size.observe(commands);
    seconds.observe(durationMs / 1_000);
  };
}
