import type { ChainAnswer } from './chain/chain-answer.ts';
import type { Candidate } from './chain/opinion.ts';
import { askerOf, passOver } from './chain/pass-over.ts';
import type { RoutedQuery } from './chain/routed-query.ts';
import { type BackendSearch, chooseBackend } from './choose-backend.ts';
import type { Circumstances } from './circumstances.ts';
import type { Snapshot } from './snapshot.ts';

/** None of these groups has an available backend: tries the spill-over groups of those that do not let their queries wait first. */
export function spillOver(
  { candidates, decided }: Pick<Extract<ChainAnswer, { kind: 'groups' }>, 'candidates' | 'decided'>,
  query: RoutedQuery,
  snapshot: Snapshot,
  circumstances: Circumstances,
): BackendSearch & { candidates: readonly Candidate[] } {
  const next = candidates.flatMap((from): Candidate[] => {
    const { groupId, asFallback } = from;
    const to = from.backendId === undefined ? snapshot.spillOver(groupId) : undefined;
    const waits = snapshot.group(groupId)?.queuesWhenUnavailable || snapshot.coming(groupId, circumstances.now);
    const waitsFirst = Boolean(waits) && (to?.afterMs ?? 0) > 0;
    if (!to || waitsFirst || decided(from).strict) return [];
    return [{ groupId: to.groupId, step: `spill-over of group ${groupId}`, asFallback, spillsOverFrom: from }];
  });
  const { left, reasons, passedOver } = passOver(next, askerOf(query), snapshot.whyNotAllowed);
  const found = chooseBackend(left, query, snapshot, circumstances);
  const notAllowed = passedOver.filter(({ observed }) => !observed).map(({ text }) => text);
  return {
    ...found,
    candidates: left,
    reasons: [...reasons, ...found.reasons],
    forClients: [...notAllowed, ...found.forClients],
  };
}
