import type { GroupLimits, Limits } from '../../../src/admission/limits/limits.ts';
import type { Admission } from '../../../src/admission/rules/admission.ts';
import { groupWithoutLimits } from './group-without-limits.ts';
import { limitsOf } from './limits-of.ts';
import { admissionOf } from './pure-admission.ts';

/** Group `a` of backend `a1`, which spills over to group `b` of backend `b1` after a while; one slot each. */
export function twoGroups(
  given: {
    a?: Partial<GroupLimits>;
    b?: Partial<GroupLimits>;
    afterMs?: number;
    away?: string[];
  } & Partial<Limits> = {},
): Admission {
  const { a, b, afterMs = 1_000, away = [], ...own } = given;
  const groups = new Map<string, GroupLimits>([
    ['a', { ...groupWithoutLimits(['a1']), spillOver: { groupId: 'b', afterMs }, ...a }],
    ['b', { ...groupWithoutLimits(['b1']), ...b }],
  ]);
  const limits = limitsOf({
    maxOnBackend: () => 1,
    group: (id) => groups.get(id),
    isAvailable: (id) => !away.includes(id),
    ...own,
  });
  return { ...admissionOf(), limits };
}
