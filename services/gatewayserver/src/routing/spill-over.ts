import type { DecidedGroup } from './chain/opinion.ts';

const behind = (groupId: string) => `, spilled over from group ${groupId}`;

/** A query for which its group has no room, or no backend, goes on to the spill-over group of that. */
export function spilledOver<Decided extends DecidedGroup>(decided: Decided, to: string): Decided {
  const { groupId, decidedBy } = decided;
  return { ...decided, groupId: to, decidedBy: `${decidedBy}${behind(groupId)}`, spilledOverFrom: groupId };
}

/** What was decided before it went on, if it did. */
export function beforeSpillOver<Decided extends DecidedGroup>(decided: Decided): Decided {
  const { spilledOverFrom: from, ...rest } = decided;
  if (from === undefined) return decided;
  return { ...rest, groupId: from, decidedBy: decided.decidedBy.slice(0, -behind(from).length) } as Decided;
}
