import { boundedLabels } from '@trino-gateway/runtime';
import { Gauge, type Registry } from 'prom-client';
import type { ConfiguredLimits } from './configured-limits.ts';
import type { Ledger } from './ledger/ledger.ts';

/** Where the figures about queues and slots are read. */
export type QueueSource = {
  ledger: Pick<Ledger, 'state' | 'now'>;
  limits: ConfiguredLimits;
  groupIds: () => Iterable<string>;
  backendIds: () => Iterable<string>;
};

type Source = () => QueueSource | undefined;

const MOST_SERIES = 1_000;

/** Queues and slots as they are when they are scraped; nothing until there is a source. */
export function registerQueueGauges(registry: Registry, source: Source): void {
  const perGroup = (name: string, help: string, value: (groupId: string, queues: QueueSource) => number) =>
    groupGauge(registry, source, { name, help, value });
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
  backendGauge(registry, source, {
    name: 'trino_gateway_slots_used',
    help: 'Slots of a backend that are taken.',
    value: (id, { ledger }) => ledger.state().onBackend(id),
  });
  backendGauge(registry, source, {
    name: 'trino_gateway_slots_free',
    help: 'Slots of a backend with a limit of its own that are free: neither taken nor used up by what runs there past the gateway.',
    value: (id, { ledger, limits }) => {
      const most = limits.maxOnBackend(id);
      return most === 0 ? undefined : Math.max(0, most - ledger.state().onBackend(id) - limits.externalOn(id));
    },
  });
}

type Figure<Value> = { name: string; help: string; value: (id: string, queues: QueueSource) => Value };

function groupGauge(registry: Registry, source: Source, { name, help, value }: Figure<number>): void {
  new Gauge({
    name,
    help,
    labelNames: ['group'],
    registers: [registry],
    collect() {
      this.reset();
      const queues = source();
      const bounded = boundedLabels(MOST_SERIES, ['group']);
      if (!queues) return;
      for (const group of queues.groupIds()) this.inc(bounded({ group }), value(group, queues));
    },
  });
}

/** A backend whose value is undefined is left out. */
function backendGauge(registry: Registry, source: Source, { name, help, value }: Figure<number | undefined>): void {
  new Gauge({
    name,
    help,
    labelNames: ['backend'],
    registers: [registry],
    collect() {
      this.reset();
      const queues = source();
      if (!queues) return;
      for (const backend of queues.backendIds()) {
        const shown = value(backend, queues);
        if (shown !== undefined) this.set({ backend }, shown);
      }
    },
  });
}
