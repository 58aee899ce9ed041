import { boundedLabels } from '@trino-gateway/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ConfiguredLimits } from './configured-limits.ts';
import type { Committed, Ledger } from './ledger/ledger.ts';

/** What became of a statement whose turn it was. */
export type HandOverResult = 'accepted' | 'lost' | 'failed' | 'unauthenticated';

/** How it was known that a query has ended. */
export type SettledBy = 'page' | 'look' | 'event';

/** What is counted about slots and queues. */
export type AdmissionMetrics = {
  countHandOver(result: HandOverResult): void;
  /** Leases that ended because their queries have. */
  countSettled(by: SettledBy, leases: number): void;
  countCommitted(committed: Committed): void;
  /** Shows queues and slots as they are when somebody asks. */
  watch(queues: QueueSource): void;
};

/** Where the figures about queues are read. */
export type QueueSource = {
  ledger: Pick<Ledger, 'state' | 'now'>;
  limits: ConfiguredLimits;
  groupIds: () => Iterable<string>;
  backendIds: () => Iterable<string>;
};

const MOST_SERIES = 1_000;
const WAIT_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const BATCH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Registers them. */
export function createAdmissionMetrics(registry: Registry): AdmissionMetrics {
  const registers = [registry];
  let source: QueueSource | undefined;
  const perGroup = (name: string, help: string, value: (groupId: string, queues: QueueSource) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['group'],
      registers,
      collect() {
        this.reset();
        const bounded = boundedLabels(MOST_SERIES, ['group']);
        if (!source) return;
        for (const group of source.groupIds()) this.inc(bounded({ group }), value(group, source));
      },
    });
  perGroup(
    'trino_gateway_queue_length',
    'Queries that wait in a group.',
    (id, { ledger }) => ledger.state().queue(id).length,
  );
  perGroup(
    'trino_gateway_queue_bytes',
    'Bytes of the encrypted statements of the queries that wait in a group.',
    (id, { ledger }) => ledger.state().loads.ofGroup(id).bytes,
  );
  perGroup(
    'trino_gateway_queue_present',
    'Queries that wait in a group and whose clients poll now.',
    (id, { ledger }) => {
      const now = ledger.now();
      return ledger
        .state()
        .queue(id)
        .filter(({ presentUntil }) => presentUntil > now).length;
    },
  );
  const perBackend = (
    name: string,
    help: string,
    value: (backendId: string, queues: QueueSource) => number | undefined,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['backend'],
      registers,
      collect() {
        this.reset();
        if (!source) return;
        for (const backend of source.backendIds()) {
          const shown = value(backend, source);
          if (shown !== undefined) this.set({ backend }, shown);
        }
      },
    });
  perBackend('trino_gateway_slots_used', 'Slots of a backend that are taken.', (id, { ledger }) =>
    ledger.state().onBackend(id),
  );
  perBackend(
    'trino_gateway_slots_free',
    'Slots of a backend with a limit of its own that are free: neither taken nor used up by what runs there past the gateway.',
    (id, { ledger, limits }) => {
      const most = limits.maxOnBackend(id);
      return most === 0 ? undefined : Math.max(0, most - ledger.state().onBackend(id) - limits.foreignOn(id));
    },
  );
  const boundedWaits = boundedLabels(MOST_SERIES, ['group']);
  const waits = new Histogram({
    name: 'trino_gateway_queue_wait_seconds',
    help: 'How long queries waited in a group until a cluster took them, by group.',
    labelNames: ['group'],
    buckets: WAIT_SECONDS,
    registers,
  });
  const boundedEnds = boundedLabels(MOST_SERIES, ['group']);
  const ends = new Counter({
    name: 'trino_gateway_queue_ended_total',
    help: 'Queries that waited and will never run, by group and error name.',
    labelNames: ['group', 'error'],
    registers,
  });
  const handOvers = new Counter({
    name: 'trino_gateway_queue_hand_overs_total',
    help: 'Statements given to a cluster from a queue, by result: accepted, lost (the claim was over), failed, unauthenticated.',
    labelNames: ['result'],
    registers,
  });
  const settled = new Counter({
    name: 'trino_gateway_leases_settled_total',
    help: 'Slots given back because their queries have ended, by how that was known: from the last page, by an event of the cluster, or by a look.',
    labelNames: ['by'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'trino_gateway_admission_batch_size',
    help: 'Changes of admission that were stored together.',
    buckets: BATCH_SIZES,
    registers,
  });
  const batchSeconds = new Histogram({
    name: 'trino_gateway_admission_batch_seconds',
    help: 'Duration of a transaction of admission.',
    buckets: BATCH_SECONDS,
    registers,
  });
  return {
    countHandOver: (result) => handOvers.inc({ result }),
    countSettled: (by, leases) => {
      if (leases > 0) settled.inc({ by }, leases);
    },
    countCommitted: ({ waiters, commands, durationMs }) => {
      batchSize.observe(commands);
      batchSeconds.observe(durationMs / 1_000);
      for (const { before, after } of waiters) {
        if (!after || before?.phase === after.phase) continue;
        const { groupId: group, queuedAt, endedAt } = after;
        if (after.phase === 'HANDED_OVER')
          waits.observe(boundedWaits({ group }), Math.max(0, endedAt - queuedAt) / 1_000);
        if (after.phase === 'ENDED') ends.inc(boundedEnds({ group, error: after.endedBy }));
      }
    },
    watch: (queues) => {
      source = queues;
    },
  };
}
