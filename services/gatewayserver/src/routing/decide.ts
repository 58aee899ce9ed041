import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import { chooseBackend } from './choose-backend.ts';
import type { Circumstances } from './circumstances.ts';
import { type Outcome, refused, withAuthentication } from './outcome.ts';
import { type ClientRequest, readRequest } from './request.ts';
import type { Snapshot } from './snapshot.ts';
import { defaultGroupOpinion } from './steps/default-group.ts';
import type { Opinion, StepReason } from './steps/opinion.ts';
import { policiesOpinion } from './steps/policies/policies-opinion.ts';

type Step = (request: RuleRequest, snapshot: Snapshot, circumstances: Circumstances) => Opinion;

/** The routing chain: the first step with an opinion decides the groups. */
const chain: readonly Step[] = [
  (request, { policies }) => policiesOpinion(policies, request),
  (_, snapshot, { defaultGroupId }) => defaultGroupOpinion(defaultGroupId, snapshot.whyNoGroup),
];

const MESSAGE_LENGTH = 2_000;

/** Decides where a new query goes: its groups by the routing chain, then a backend of the first group that has one. */
export function decide(
  request: ClientRequest & { user: string },
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const asked = readRequest(request);
  const reasons: StepReason[] = [];
  const abstentions: string[] = [];
  const rejected = (why: string) => {
    const message = `${why}: ask the administrators of this gateway for a policy`;
    return refused(snapshot.authentication.atEntryPoint(asked), reasons, 'QUERY_REJECTED', message);
  };
  for (const step of chain) {
    const opinion = step(asked, snapshot, circumstances);
    reasons.push(opinion.reason);
    if (opinion.kind === 'groups')
      return routeToGroups(opinion, reasons, { ...asked, user: request.user }, snapshot, circumstances);
    if (opinion.kind === 'refuses') return rejected(opinion.why);
    abstentions.push(opinion.why);
  }
  return rejected(abstentions.join(', and '));
}

function routeToGroups(
  { candidates, decided }: Extract<Opinion, { kind: 'groups' }>,
  before: readonly StepReason[],
  request: RuleRequest & { user: string },
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const { chosen, reasons: tried, forClients } = chooseBackend(candidates, request.user, snapshot, circumstances);
  const reasons = [...before, ...tried];
  const authDelegated = snapshot.authentication.atEntryPoint(request);
  if (chosen) {
    const { backend, candidate } = chosen;
    const outcome = { kind: 'chosen', backend, ...decided(candidate), authDelegated, reasons } as const;
    return withAuthentication(outcome, request, snapshot);
  }
  const queue = candidates.find(({ groupId }) => snapshot.group(groupId)?.queuesWhenUnavailable);
  if (!queue) {
    const message = noClusterMessage(forClients);
    return refused(authDelegated, reasons, 'NO_NODES_AVAILABLE', message, candidates[0]?.groupId);
  }
  const text = `group ${queue.groupId}: waits for a backend`;
  reasons.push({ step: queue.step, outcome: Reason_Outcome.CHOSE, text });
  return withAuthentication({ kind: 'waits', ...decided(queue), authDelegated, reasons }, request, snapshot);
}

function noClusterMessage(why: readonly string[]): string {
  const text = `No cluster is available for this query: ${why.join('; ')}`;
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text;
}
