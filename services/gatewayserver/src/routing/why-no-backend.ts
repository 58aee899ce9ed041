import { isBeingTried, whyUnavailable } from './availability/availability.ts';
import { reasonSuffix } from './availability/conditions.ts';
import type { Circumstances } from './circumstances.ts';
import type { Snapshot } from './snapshot.ts';

const NAMED_BACKENDS = 20;

/** Why a group has no backend for a query. Clients are told names and kinds of failure, operators also the details. */
export type WhyNoBackend = { forOperators: string; forClients: string };

/** @param skipped the backends that were left out of the choice */
export function whyNoBackend(
  groupId: string,
  snapshot: Snapshot,
  circumstances: Circumstances,
  skipped: ReadonlySet<string>,
): WhyNoBackend {
  const group = snapshot.group(groupId);
  if (!group) {
    const text = `group ${groupId} ${snapshot.whyNoGroup(groupId)}`;
    return { forOperators: text, forClients: text };
  }
  if (group.backendIds.length === 0) {
    const text = `group ${groupId} has no backends`;
    return { forOperators: text, forClients: text };
  }
  const each = group.backendIds.slice(0, NAMED_BACKENDS).map((id) => whyNot(id, snapshot, circumstances, skipped));
  const others = group.backendIds.length - each.length;
  const all = (texts: string[]) =>
    `group ${groupId} has no available backend (${texts.join('; ')}${others > 0 ? `; and ${others} more` : ''})`;
  return {
    forOperators: all(each.map(({ forOperators }) => forOperators)),
    forClients: all(each.map(({ forClients }) => forClients)),
  };
}

function whyNot(
  id: string,
  snapshot: Snapshot,
  { now, excluded, avoided, lastStartedAt }: Circumstances,
  skipped: ReadonlySet<string>,
): WhyNoBackend {
  const facts = snapshot.facts(id);
  const why: { text: string; detail?: string | undefined }[] = facts
    ? whyUnavailable(facts, now, snapshot.loadMaxAgeMs)
    : [{ text: 'it does not exist' }];
  if (facts && isBeingTried(facts, lastStartedAt?.(id) ?? 0, now))
    why.push({ text: 'it comes back, and one query is trying it' });
  if (excluded?.has(id)) why.push({ text: 'it has already failed for this query' });
  else if (avoided?.has(id) && skipped.has(id)) why.push({ text: 'it has just failed' });
  return {
    forOperators: `${id}: ${why.map(({ text, detail }) => text + reasonSuffix(detail)).join(', ')}`,
    forClients: `${id}: ${why.map(({ text }) => text).join(', ')}`,
  };
}
