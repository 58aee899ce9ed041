import type { ServedMetrics } from '@trino-gateway/runtime';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { Measured } from './messages.ts';

/** The metrics of a router with workers: those of all processes, added up. */
export type MergedMetrics = ServedMetrics & {
  /** A worker has ended: what it has counted stays. */
  left(worker: number): void;
};

/**
 * @param own of this process
 * @param measure asks the workers; one that does not answer in time counts as it did last
 */
export function mergeMetrics(own: Registry, measure: () => Promise<Map<number, Measured>>): MergedMetrics {
  const latest = new Map<number, Measured>();
  const ended = new Set<number>();
  let former: readonly Measured[] = [];
  return {
    contentType: own.contentType,
    metrics: async () => {
      const [ofThis, answers] = await Promise.all([own.getMetricsAsJSON() as Promise<Measured>, measure()]);
      for (const [worker, measured] of answers) if (!ended.has(worker)) latest.set(worker, measured);
      const all = [ofThis, ...former, ...latest.values()];
      if (former.length > 1) {
        const { length } = former;
        const together = (await AggregatorRegistry.aggregate([...former]).getMetricsAsJSON()) as Measured;
        former = [together, ...former.slice(length)];
      }
      return await AggregatorRegistry.aggregate(all).metrics();
    },
    left: (worker) => {
      const counted = latest.get(worker)?.filter(({ type }) => isCounted(String(type)));
      latest.delete(worker);
      ended.add(worker);
      if (counted !== undefined) former = [...former, counted];
    },
  };
}

const isCounted = (type: string) => type === 'counter' || type === 'histogram';
