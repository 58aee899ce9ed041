import type { DiscoveredObject } from '@trino-gateway/api/gateway';

/** An object, and when it was made. */
export type Dated = { mapped: DiscoveredObject; createdAt: number };

/** Of objects that ask for the same id the oldest has it, by name where they are of one age; the others are told so. */
export function resolveIds(objects: readonly Dated[]): DiscoveredObject[] {
  const holders = new Map<string, Dated>();
  for (const one of objects) {
    const { backend } = one.mapped;
    if (backend === undefined) continue;
    const holder = holders.get(backend.id);
    if (holder === undefined || isOlder(one, holder)) holders.set(backend.id, one);
  }
  return objects
    .map(({ mapped }) => {
      const holder = mapped.backend && holders.get(mapped.backend.id)?.mapped;
      if (holder === undefined || holder === mapped) return mapped;
      const { backend: _, ...rest } = mapped;
      return { ...rest, groupIds: [], problem: `id "${mapped.backendId}" is that of ${holder.object}, which is older` };
    })
    .toSorted((a, b) => (a.object < b.object ? -1 : 1));
}

function isOlder(one: Dated, than: Dated): boolean {
  if (one.createdAt !== than.createdAt) return one.createdAt < than.createdAt;
  return one.mapped.object < than.mapped.object;
}
