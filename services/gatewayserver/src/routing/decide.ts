import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { ChainAnswer } from './chain/chain-answer.ts';
import type { StepReason } from './chain/opinion.ts';
import type { RoutedQuery } from './chain/routed-query.ts';
import { chooseBackend } from './choose-backend.ts';
import type { Circumstances } from './circumstances.ts';
import { type Outcome, refused, withAuthentication } from './outcome.ts';
import type { Snapshot } from './snapshot.ts';

const MESSAGE_LENGTH = 2_000;

/** Decides where a new query goes: of the groups that the routing chain answers, a backend of the first that has one. */
export function decide(
  query: RoutedQuery,
  answer: ChainAnswer,
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const { reasons } = answer;
  if (answer.kind === 'refuses') {
    const { message, stepId, ruleId } = answer;
    const outcome = refused(snapshot.authentication.atEntryPoint(query), reasons, 'QUERY_REJECTED', message);
    return { ...outcome, ...(stepId !== undefined && { stepId }), ...(ruleId !== undefined && { ruleId }) };
  }
  return routeToGroups(answer, reasons, query, snapshot, circumstances);
}

function routeToGroups(
  { candidates, decided }: Extract<ChainAnswer, { kind: 'groups' }>,
  before: readonly StepReason[],
  query: RoutedQuery,
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const { chosen, reasons: tried, forClients } = chooseBackend(candidates, query.user, snapshot, circumstances);
  const reasons = [...before, ...tried];
  const authDelegated = snapshot.authentication.atEntryPoint(query);
  if (chosen) {
    const { backend, candidate } = chosen;
    const outcome = { kind: 'chosen', backend, ...decided(candidate), authDelegated, reasons } as const;
    return withAuthentication(outcome, query, snapshot);
  }
  const queue = candidates.find(({ groupId }) => snapshot.group(groupId)?.queuesWhenUnavailable);
  if (!queue) {
    const message = noClusterMessage(forClients);
    return refused(authDelegated, reasons, 'NO_NODES_AVAILABLE', message, candidates[0]?.groupId);
  }
  const text = `group ${queue.groupId}: waits for a backend`;
  reasons.push({ step: queue.step, outcome: Reason_Outcome.CHOSE, text });
  return withAuthentication({ kind: 'waits', ...decided(queue), authDelegated, reasons }, query, snapshot);
}

function noClusterMessage(why: readonly string[]): string {
  const text = `No cluster is available for this query: ${why.join('; ')}`;
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text;
}
