import { Reason_Outcome } from '@trino-gateway/api/gateway';
import { ownAffinityHash } from './affinity-hash.ts';
import { assess, isBeingTried, isOut } from './availability/availability.ts';
import type { ChainAnswer } from './chain/chain-answer.ts';
import type { Candidate, DecidedGroup, StepReason } from './chain/opinion.ts';
import type { RoutedQuery } from './chain/routed-query.ts';
import { chooseBackend } from './choose-backend.ts';
import type { Circumstances } from './circumstances.ts';
import { type Outcome, refused, withAuthentication } from './outcome.ts';
import type { Snapshot } from './snapshot.ts';
import { spilledOver } from './spill-over.ts';
import { spillOver } from './spill-over-search.ts';

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
  answer: Extract<ChainAnswer, { kind: 'groups' }>,
  before: readonly StepReason[],
  query: RoutedQuery,
  snapshot: Snapshot,
  circumstances: Circumstances,
): Outcome {
  const { open: all, barred } = withoutFallbacks(answer.candidates, answer.decided);
  const isComing = (candidate: Candidate) => whatComes(candidate, snapshot, circumstances) !== undefined;
  const found = chooseBackend(all, query, snapshot, circumstances);
  // A group whose clusters are only stopped is one that can be had: its queries go to no fallback, or it would never start.
  const own = found.chosen?.candidate.asFallback === true ? all.filter(({ asFallback }) => !asFallback) : [];
  const isEarly = own.some(isComing);
  const open = isEarly ? own : all;
  const first = isEarly ? chooseBackend(own, query, snapshot, circumstances) : found;
  const spill = first.chosen ? undefined : spillOver({ ...answer, candidates: open }, query, snapshot, circumstances);
  const chosen = first.chosen ?? spill?.chosen;
  const reasons = [...before, ...first.reasons, ...barred, ...(spill?.reasons ?? [])];
  const authDelegated = snapshot.authentication.atEntryPoint(query);
  if (chosen) {
    const { backend, candidate } = chosen;
    const decided = decidedFor(answer, candidate);
    const hash = ownHash(decided, query, snapshot);
    const outcome = { kind: 'chosen', backend, ...decided, ...hash, authDelegated, reasons } as const;
    return withAuthentication(outcome, query, snapshot);
  }
  const waitsIn = (candidate: Candidate) =>
    snapshot.group(candidate.groupId)?.queuesWhenUnavailable === true || isComing(candidate);
  const queue = open.find(waitsIn) ?? spill?.candidates.find(waitsIn);
  if (!queue) {
    const message = noClusterMessage([
      ...answer.passedOver.filter(({ observed }) => !observed).map(({ text }) => text),
      ...first.forClients,
      ...(spill?.forClients ?? []),
      ...barred.map(({ text }) => text),
    ]);
    const outcome = refused(authDelegated, reasons, 'NO_NODES_AVAILABLE', message, answer.candidates[0]?.groupId);
    const out = open.find((candidate) => hasOutage(candidate, snapshot, circumstances));
    return out ? { ...outcome, outage: { ...waiting(out), outage: true } } : outcome;
  }
  return waiting(queue);

  function waiting(candidate: Candidate): Extract<Outcome, { kind: 'waits' }> {
    const comes = whatComes(candidate, snapshot, circumstances);
    const text = `group ${candidate.groupId}: waits for a backend${comes === undefined ? '' : `; ${comes}`}`;
    const decided = decidedFor(answer, candidate);
    return withAuthentication(
      {
        ...{ kind: 'waits', ...decided, ...ownHash(decided, query, snapshot), authDelegated },
        reasons: [...reasons, { step: candidate.step, outcome: Reason_Outcome.CHOSE, text }],
      },
      query,
      snapshot,
    );
  }
}

/** Whether a backend of the group that may take the query lacks only what may pass at any moment. */
function hasOutage(
  { groupId, backendId: only }: Candidate,
  snapshot: Snapshot,
  { now, excluded, lastStartedAt }: Circumstances,
): boolean {
  const members = snapshot.group(groupId)?.backendIds ?? [];
  return members.some((id) => {
    const facts = only === undefined || only === id ? snapshot.facts(id) : undefined;
    if (!facts) return false;
    const hasFailed = excluded?.has(id) === true && assess(facts, now, snapshot.loadMaxAgeMs).available;
    return hasFailed || isBeingTried(facts, lastStartedAt?.(id) ?? 0, now) || isOut(facts, now, snapshot.loadMaxAgeMs);
  });
}

/** What autoscaling starts for those who wait; it helps none that only one backend may take. */
function whatComes({ groupId, backendId }: Candidate, snapshot: Snapshot, { now }: Circumstances): string | undefined {
  return backendId === undefined ? snapshot.coming(groupId, now) : undefined;
}

function decidedFor({ decided }: Extract<ChainAnswer, { kind: 'groups' }>, candidate: Candidate): DecidedGroup {
  const { spillsOverFrom: from, groupId } = candidate;
  return from === undefined ? decided(candidate) : spilledOver(decided(from), groupId);
}

/** Strict decisions go to no fallback group. */
function withoutFallbacks(
  candidates: readonly Candidate[],
  decided: (candidate: Candidate) => DecidedGroup,
): { open: readonly Candidate[]; barred: StepReason[] } {
  const isBarred = (candidate: Candidate) => candidate.asFallback && decided(candidate).strict === true;
  const barred = candidates.filter(isBarred).map(({ groupId, step }) => ({
    step,
    outcome: Reason_Outcome.ABSTAINED,
    text: `group ${groupId} is only a fallback, and this query may not go to one`,
  }));
  return barred.length === 0
    ? { open: candidates, barred }
    : { open: candidates.filter((one) => !isBarred(one)), barred };
}

/** What the strategy AFFINITY of a group goes by, as those need it who choose later and know no more of the query. */
function ownHash({ groupId }: DecidedGroup, query: RoutedQuery, snapshot: Snapshot): { affinityHash?: number } {
  const next = snapshot.spillOver(groupId)?.groupId;
  const affinity =
    snapshot.group(groupId)?.affinity ?? (next === undefined ? undefined : snapshot.group(next)?.affinity);
  const hash = ownAffinityHash(affinity, query);
  return hash === undefined ? {} : { affinityHash: hash };
}

function noClusterMessage(why: readonly string[]): string {
  const text = `No cluster is available for this query: ${why.join('; ')}`;
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text;
}
