import type { Group } from '@trino-gateway/api/gateway';

/**
 * Groups in an order in which each exists before another one spills over to it. Of new groups that name each other in a circle, one
 * has to be written beforehand without its spill-over group.
 */
export function orderGroups(
  groups: readonly Group[],
  storedIds: ReadonlySet<string>,
): { beforehand: Group[]; ordered: Group[] } {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const beforehand: Group[] = [];
  const ordered = new Set<Group>();
  for (const group of groups) {
    const path: Group[] = [];
    for (let next: Group | undefined = group; next && !ordered.has(next); next = byId.get(next.spillOverGroupId)) {
      if (path.includes(next)) {
        if (!storedIds.has(next.id)) beforehand.push({ ...next, spillOverGroupId: '', spillOverAfterMs: 0 });
        break;
      }
      path.push(next);
    }
    for (const one of path.reverse()) ordered.add(one);
  }
  return { beforehand, ordered: [...ordered] };
}
