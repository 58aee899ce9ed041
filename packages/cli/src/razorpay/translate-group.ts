import { create } from '@bufbuild/protobuf';
import { type Group, Group_Strategy, GroupSchema } from '@trino-gateway/api/gateway';
import type { Remark } from '../imported/notes.ts';
import type { TranslatedIds } from '../imported/translate-ids.ts';
import type { RazorpayGroup } from './model.ts';

const STRATEGIES: ReadonlyMap<string, Group_Strategy> = new Map([
  ['least_load', Group_Strategy.LEAST_LOAD],
  ['round_robin', Group_Strategy.ROUND_ROBIN],
  ['random', Group_Strategy.RANDOM],
]);

/** The group as it is here; undefined when none of its members is. */
export function translateGroup(
  id: string,
  before: RazorpayGroup,
  backendIds: TranslatedIds,
  remark: Remark,
): Group | undefined {
  const members = new Set<string>();
  for (const reference of before.backends) {
    const member = backendIds.of(reference);
    if (member === undefined) remark(`loses its member "${reference}", which is not imported`);
    else members.add(member);
  }
  if (members.size === 0) {
    remark('left out: it has no backend');
    return undefined;
  }
  // LEAST_LOAD is the first name of the choice, which is what JSON may leave out.
  const name = before.strategy.toLowerCase() || 'least_load';
  const strategy = STRATEGIES.get(name);
  if (strategy === undefined) remark(`its strategy "${before.strategy}" has no counterpart: it is LEAST_LOAD here`);
  return create(GroupSchema, {
    id,
    enabled: before.is_enabled,
    backendIds: [...members],
    strategy: strategy ?? Group_Strategy.LEAST_LOAD,
  });
}
