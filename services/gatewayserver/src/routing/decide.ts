import type { Door } from '@trino-gateway/api/authentication';
import { type Backend, Reason_Outcome } from '@trino-gateway/api/gateway';
import { because, silence, whyUnavailable } from './availability.ts';
import { type ClientRequest, readRequest } from './request.ts';
import type { PoolMember, Snapshot } from './snapshot.ts';
import {
  evaluatePolicies,
  firstPolicyOf,
  matchingPolicies,
  type PolicyVerdict,
} from './steps/policies/policy-index.ts';
import { choose, type LiveView } from './strategies/strategies.ts';

/** What a decision depends on besides the request and the snapshot. */
export type Circumstances = {
  /** Epoch milliseconds. */
  now: number;
  /** At random, from 0 up to but not 1. */
  chance: number;
  /** The number of the choice about to be made in a group. */
  turn: (groupId: string) => number;
  live: LiveView;
  /** `gatewayserver.default_group`. */
  defaultGroupId?: string | undefined;
  /** Backends that already failed for this query: never chosen. */
  excluded?: ReadonlySet<string>;
  /** Backends just seen failing: chosen only when no other is available. */
  avoided?: ReadonlySet<string>;
};

/** What one step said. */
export type StepReason = { step: string; outcome: Reason_Outcome; text: string };

/** A backend chosen from a group. */
export type Chosen = { backend: Backend; groupId: string };

/** How a group was decided. */
export type DecidedGroup = {
  groupId: string;
  decidedBy: string;
  requestSource: string;
  /** The policy that allowed the group, first by id; empty when it is the default group. */
  policyId: string;
  /** The group was one to fall back on. */
  asFallback: boolean;
  /** Of that policy; 0 by default. */
  priority: number;
};

/** Where a new query goes, or why nowhere. */
export type Outcome = { authDelegated: boolean; reasons: StepReason[] } & (
  | (DecidedGroup & { kind: 'chosen'; backend: Backend })
  /** There is no backend for it now: it waits in the group. */
  | (DecidedGroup & { kind: 'waits' })
  | { kind: 'refused'; errorName: 'QUERY_REJECTED' | 'NO_NODES_AVAILABLE'; message: string }
);

/** A group that may be used, and what allows it. */
type Candidate = { groupId: string; step: string; via: 'policy' | 'fallback' | 'default' };

const NAMED_IN_A_TEXT = 20;
const GROUPS_IN_REASONS = 20;
const TEXT_LENGTH = 2_000;

/** Decides by the policies, then by the default group. */
export function decide(
  request: ClientRequest & { user: string },
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const facts = readRequest(request);
  const verdict = evaluatePolicies(snapshot.policies, facts);
  const authDelegated = snapshot.authentication.atDoor(facts);
  const reasons = [policiesReason(verdict)];
  const candidates = candidatesOf(verdict);
  if (candidates.length === 0) {
    const { reason, group } = defaultGroup(snapshot, circumstances.defaultGroupId);
    reasons.push(reason);
    if (!group) return refused(authDelegated, reasons, 'QUERY_REJECTED', noGroup(verdict, reason));
    candidates.push({ groupId: group, step: 'default_group', via: 'default' });
  }
  const search = chooseBackend(candidates, snapshot, circumstances, request.user);
  reasons.push(...search.reasons);
  if (!search.chosen) {
    const waiting = candidates.find(({ groupId }) => snapshot.group(groupId)?.queuesWhenUnavailable);
    if (!waiting) return refused(authDelegated, reasons, 'NO_NODES_AVAILABLE', noBackend(search.told));
    const text = `group ${waiting.groupId}: waits for a backend`;
    reasons.push({ step: waiting.step, outcome: Reason_Outcome.CHOSE, text });
    const waits = { kind: 'waits', ...decidedGroup(verdict, waiting), authDelegated, reasons } as const;
    return withAuthentication(waits, facts, snapshot);
  }
  const { candidate, backend } = search.chosen;
  const chosen = { kind: 'chosen', backend, ...decidedGroup(verdict, candidate), authDelegated, reasons } as const;
  return withAuthentication(chosen, facts, snapshot);
}

/** The outcome with whether its cluster, or any of its group where it waits, is behind delegated authentication. */
export function withAuthentication<Decided extends Exclude<Outcome, { kind: 'refused' }>>(
  outcome: Decided,
  door: Door,
  { authentication }: Pick<Snapshot, 'authentication'>,
): Decided {
  const authDelegated =
    outcome.kind === 'waits'
      ? authentication.forGroup(door, outcome.groupId)
      : authentication.forCluster(door, { backendId: outcome.backend.id, url: outcome.backend.url });
  return { ...outcome, authDelegated };
}

function decidedGroup(verdict: PolicyVerdict, { groupId, via }: Candidate): DecidedGroup {
  const asFallback = via === 'fallback';
  const policy = firstPolicyOf(verdict, groupId, asFallback);
  const withSource = firstPolicyOf(verdict, groupId, asFallback, ({ requestSource }) => requestSource !== '');
  return {
    groupId,
    decidedBy: policy ? `${asFallback ? 'fallback of policy' : 'policy'} ${policy.id}` : 'default_group',
    requestSource: withSource?.requestSource ?? '',
    policyId: policy?.id ?? '',
    asFallback,
    priority: policy?.priority ?? 0,
  };
}

/** The backend that the first of these groups, by id, with an available one gives. */
export function chooseFromGroups(
  groupIds: readonly string[],
  user: string,
  snapshot: Snapshot,
  circumstances: Circumstances,
): { chosen: Chosen | undefined; reasons: StepReason[] } {
  const candidates = groupIds
    .toSorted()
    .map((groupId): Candidate => ({ groupId, step: `group ${groupId}`, via: 'policy' }));
  return chooseBackend(candidates, snapshot, circumstances, user);
}

/** In the order they are tried: the groups the policies leave, then their fallback groups. */
function candidatesOf(verdict: PolicyVerdict): Candidate[] {
  return [
    ...verdict.groupIds.map((groupId): Candidate => ({ groupId, step: `group ${groupId}`, via: 'policy' })),
    ...verdict.fallbackGroupIds.map((groupId): Candidate => ({ groupId, step: 'fallback_group', via: 'fallback' })),
  ];
}

function chooseBackend(
  candidates: readonly Candidate[],
  snapshot: Snapshot,
  circumstances: Circumstances,
  user: string,
): { chosen: (Chosen & { candidate: Candidate }) | undefined; reasons: StepReason[]; told: string[] } {
  const { excluded = new Set<string>(), avoided = new Set<string>() } = circumstances;
  const first = avoided.size > 0 ? excluded.union(avoided) : excluded;
  for (const skipped of first === excluded ? [excluded] : [first, excluded]) {
    const reasons: StepReason[] = [];
    const told: string[] = [];
    for (const candidate of candidates) {
      const member = chooseMember(candidate.groupId, snapshot, circumstances, user, skipped);
      const facts = member && snapshot.facts(member.id);
      if (facts) {
        const { backend, status } = facts;
        const late = silence(status, circumstances.now, snapshot.loadMaxAgeMs);
        const text = `group ${candidate.groupId}: backend ${backend.id}${late && `; ${late}`}`;
        reasons.push({ step: candidate.step, outcome: Reason_Outcome.CHOSE, text });
        return { chosen: { backend, groupId: candidate.groupId, candidate }, reasons, told };
      }
      if (reasons.length < GROUPS_IN_REASONS) {
        const why = whyNobody(candidate.groupId, snapshot, circumstances, skipped);
        reasons.push({ step: candidate.step, outcome: Reason_Outcome.ABSTAINED, text: why.forOperators });
        told.push(why.forClients);
      }
    }
    if (skipped === excluded) return { chosen: undefined, reasons, told };
  }
  return { chosen: undefined, reasons: [], told: [] };
}

function chooseMember(
  groupId: string,
  snapshot: Snapshot,
  { now, chance, turn, live }: Circumstances,
  user: string,
  skipped: ReadonlySet<string>,
): PoolMember | undefined {
  const group = snapshot.group(groupId);
  if (!group) return undefined;
  const available = snapshot.pool(groupId, now);
  const pool = skipped.size > 0 ? available.filter(({ id }) => !skipped.has(id)) : available;
  return pool.length === 0 ? undefined : choose(group.strategy, { pool, chance, turn: turn(groupId), user, live });
}

function defaultGroup(snapshot: Snapshot, id: string | undefined): { reason: StepReason; group?: string } {
  const step = 'default_group';
  if (!id)
    return { reason: { step, outcome: Reason_Outcome.ABSTAINED, text: 'gatewayserver.default_group is not set' } };
  if (snapshot.group(id)) return { reason: { step, outcome: Reason_Outcome.CHOSE, text: `group ${id}` }, group: id };
  const text = `gatewayserver.default_group is ${id}, a group that does not exist or is disabled`;
  return { reason: { step, outcome: Reason_Outcome.ABSTAINED, text } };
}

function policiesReason(verdict: PolicyVerdict): StepReason {
  const step = 'policies';
  const matching = matchingPolicies(verdict).map(({ id }) => id);
  if (matching.length === 0) return { step, outcome: Reason_Outcome.ABSTAINED, text: 'no policy matches' };
  const who = `${matching.length === 1 ? 'policy' : 'policies'} ${listed(matching)}`;
  const fallback =
    verdict.fallbackGroupIds.length > 0 ? `, with fallback group ${listed(verdict.fallbackGroupIds)}` : '';
  if (verdict.groupIds.length > 0)
    return { step, outcome: Reason_Outcome.CHOSE, text: `${who}: group ${listed(verdict.groupIds)}${fallback}` };
  return fallback
    ? { step, outcome: Reason_Outcome.CHOSE, text: `${who}: no group in common${fallback}` }
    : { step, outcome: Reason_Outcome.ABSTAINED, text: `${who}: no group in common and no fallback group` };
}

/** The last step asked is the one that refuses. */
function refused(
  authDelegated: boolean,
  reasons: readonly StepReason[],
  errorName: 'QUERY_REJECTED' | 'NO_NODES_AVAILABLE',
  message: string,
): Outcome {
  const last = reasons.at(-1) ?? { step: 'policies', text: message };
  const given = [...reasons.slice(0, -1), { ...last, outcome: Reason_Outcome.REFUSED }];
  return { kind: 'refused', authDelegated, reasons: given, errorName, message };
}

function noGroup(verdict: PolicyVerdict, defaulted: StepReason): string {
  const matching = matchingPolicies(verdict).map(({ id }) => id);
  const why =
    matching.length === 0
      ? 'no policy matches this query'
      : `the matching policies (${listed(matching)}) have no group in common and no fallback group`;
  return `${why}, and ${defaulted.text}: ask the administrators of this gateway for a policy`;
}

function noBackend(told: readonly string[]): string {
  const text = `No cluster is available for this query: ${told.join('; ')}`;
  return text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
}

/** Of each backend of a group why it was not chosen; the first twenty by name. Clients get its name and the kind of failure. */
function whyNobody(
  groupId: string,
  snapshot: Snapshot,
  { now, excluded, avoided }: Circumstances,
  skipped: ReadonlySet<string>,
): { forOperators: string; forClients: string } {
  const group = snapshot.group(groupId);
  if (!group) {
    const text = `group ${groupId} does not exist or is disabled`;
    return { forOperators: text, forClients: text };
  }
  const each = group.backendIds.slice(0, NAMED_IN_A_TEXT).map((id) => {
    const facts = snapshot.facts(id);
    const why: { text: string; detail?: string | undefined }[] = facts
      ? whyUnavailable(facts, now, snapshot.loadMaxAgeMs)
      : [{ text: 'it does not exist' }];
    if (excluded?.has(id)) why.push({ text: 'it has already failed for this query' });
    else if (avoided?.has(id) && skipped.has(id)) why.push({ text: 'it has just failed' });
    return {
      forOperators: `${id}: ${why.map(({ text, detail }) => text + because(detail)).join(', ')}`,
      forClients: `${id}: ${why.map(({ text }) => text).join(', ')}`,
    };
  });
  const others = group.backendIds.length - each.length;
  const all = (texts: string[]) =>
    `group ${groupId} has no available backend (${texts.join('; ')}${others > 0 ? `; and ${others} more` : ''})`;
  return {
    forOperators: all(each.map(({ forOperators }) => forOperators)),
    forClients: all(each.map(({ forClients }) => forClients)),
  };
}

function listed(ids: readonly string[]): string {
  const others = ids.length - NAMED_IN_A_TEXT;
  return `${ids.slice(0, NAMED_IN_A_TEXT).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}
