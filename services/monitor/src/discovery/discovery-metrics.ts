import type { DiscoverySource } from '@trino-gateway/api/gateway';
import { Gauge, type Registry } from 'prom-client';

/** What is counted of discovery. */
export type DiscoveryMetrics = {
  /** What was found; undefined while not every source was looked at. */
  found(sources: () => readonly DiscoverySource[] | undefined): void;
  /** Whether this monitor's findings count. */
  leads(leads: boolean): void;
};

export function createDiscoveryMetrics(registry: Registry, prefix: string): DiscoveryMetrics {
  let read: () => readonly DiscoverySource[] | undefined = () => undefined;
  new Gauge({
    name: `${prefix}discovered_objects`,
    help: 'Objects of Kubernetes that were found, by their source, and whether they are backends as they are (ok: yes, no). Absent without discovery.',
    labelNames: ['source', 'ok'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name: source, objects } of read() ?? []) {
        const wrong = objects.filter(({ problem }) => problem !== '').length;
        this.set({ source, ok: 'yes' }, objects.length - wrong);
        this.set({ source, ok: 'no' }, wrong);
      }
    },
  });
  new Gauge({
    name: `${prefix}discovery_source_listed`,
    help: '1 while a source of discovery can be listed, 0 while its backends stay as they were. Absent without discovery.',
    labelNames: ['source'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name: source, listed } of read() ?? []) this.set({ source }, listed ? 1 : 0);
    },
  });
  const leading = new Gauge({
    name: `${prefix}discovery_leads`,
    help: '1 while what this monitor finds counts, 0 while another one leads, or there is no discovery.',
    registers: [registry],
  });
  return {
    found: (sources) => {
      read = sources;
    },
    leads: (leads) => leading.set(leads ? 1 : 0),
  };
}
