import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Reason_Outcome, RouteRequestSchema } from '@trino-gateway/api/gateway';
import { querySource } from '@trino-gateway/trino';
import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { GroupMetrics } from '../admission/group-metrics.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import { storedUser } from '../admission/ledger/stored-user.ts';
import { slotsOfGroup } from '../admission/preview/why-no-slot.ts';
import { wouldWait } from '../admission/preview/would-wait.ts';
import type { Admission } from '../admission/rules/admission.ts';
import type { Newcomer } from '../admission/rules/queue.ts';
import type { StepReason } from '../routing/chain/opinion.ts';
import type { SubmittedQuery } from '../routing/chain/routed-query.ts';
import type { Outcome } from '../routing/outcome.ts';
import { beforeSpillOver } from '../routing/spill-over.ts';
import { type Accepted, reasonOf, type SlotContext, takeSlot } from './take-slot.ts';

/** What would become of it, with the reasons of routing, then of slot and queue. */
export type Preview = { reasons: StepReason[] } & (
  | { kind: 'runs'; decided: Accepted }
  | { kind: 'waits'; decided: Accepted; position: number; startsAt: number | undefined; why: string }
  | { kind: 'refused'; errorName: string; message: string }
);

type Context = Omit<SlotContext, 'live' | 'ledger'> & {
  ledger: Pick<Ledger, 'preview'>;
  limits: Pick<ConfiguredLimits, 'wouldChoose' | 'outageWaitMs'>;
};

/**
 * What admission would make of the outcome of routing: the commands of `takeSlot` and of the queue themselves, run on the
 * present state and undone.
 */
export async function previewSlot(
  context: Context,
  query: SubmittedQuery,
  { outcome, bounded }: { outcome: Outcome; bounded: boolean },
): Promise<Preview> {
  const { reasons } = outcome;
  if (outcome.kind === 'refused')
    return { ...refusalOf(outcome), reasons: [...reasons, ...outageReason(context, outcome)] };
  if (!bounded) return { kind: 'runs', decided: outcome, reasons };
  const run = <T>(command: (admission: Admission) => T) =>
    context.ledger.preview((admission) =>
      command({ ...admission, limits: { ...admission.limits, choose: context.limits.wouldChoose } }),
    );
  const request = create(RouteRequestSchema, {
    ...query,
    headers: [...query.headers],
    credentials: [],
    submissionId: randomUUID(),
  });
  const slotsIn = (groupId: string) => run(({ state, limits }) => slotsOfGroup(state, limits, groupId));
  const origin = beforeSpillOver(outcome);
  const slots = await slotsIn(origin.groupId);
  const { outcome: routed } = await takeSlot(
    { ...context, ledger: { run }, live: { started: () => {} }, groupMetrics: uncounted },
    request,
    outcome,
  );
  const bySlot = (said: Reason_Outcome) => [...reasons, { step: 'slot', outcome: said, text: slots }];
  if (routed.kind === 'refused') return { ...refusalOf(routed), reasons: bySlot(Reason_Outcome.REFUSED) };
  if (routed.kind === 'chosen') {
    const { groupId, spilledOverFrom } = routed;
    // What limits that only observe have added.
    const observed = routed.reasons.slice(reasons.length);
    if (spilledOverFrom === undefined)
      return { kind: 'runs', decided: routed, reasons: [...bySlot(Reason_Outcome.CHOSE), ...observed] };
    const text = `spills over to group ${groupId}: ${await slotsIn(groupId)}`;
    const spill = { step: 'slot', outcome: Reason_Outcome.CHOSE, text };
    return { kind: 'runs', decided: routed, reasons: [...bySlot(Reason_Outcome.ABSTAINED), spill, ...observed] };
  }
  const queued = await run((admission) => wouldWait(admission, newcomerOf(query, routed)));
  const before = bySlot(Reason_Outcome.ABSTAINED);
  if (queued.kind === 'full') {
    const { message } = queued;
    const reason = { step: 'queue', outcome: Reason_Outcome.REFUSED, text: message };
    return { kind: 'refused', errorName: 'QUERY_QUEUE_FULL', message, reasons: [...before, reason] };
  }
  const text = `place ${queued.position}: ${queued.why}`;
  const observed = queued.observed ? [{ ...reasonOf(queued.observed), step: 'queue' }] : [];
  return {
    ...queued,
    decided: routed,
    reasons: [...before, { step: 'queue', outcome: Reason_Outcome.CHOSE, text }, ...observed],
  };
}

/** A dry run counts nothing. */
const uncounted: GroupMetrics = { countObserved() {}, countPassedOver() {}, countSpillOver() {} };

function newcomerOf(
  { user, statement, headers }: SubmittedQuery,
  { groupId, priority, requestSource, affinityHash, strict, pinnedBackendId }: Accepted,
): Newcomer {
  const id = randomUUID();
  return {
    id,
    submissionId: id,
    groupId,
    priority,
    user: storedUser(user),
    source: storedUser(requestSource),
    secretHash: '',
    affinityHash,
    strict,
    asker: { user, source: querySource(headers.flatMap(({ name, value }) => [name, value])) ?? '' },
    onlyBackendId: pinnedBackendId,
    // Sealed it is somewhat larger.
    bytes: headers.reduce((sum, { name, value }) => sum + name.length + value.length, Buffer.byteLength(statement)),
  };
}

/** That it would wait for a moment first. */
function outageReason(
  { limits }: Pick<Context, 'limits'>,
  { outage }: Extract<Outcome, { kind: 'refused' }>,
): StepReason[] {
  const waitMs = outage ? limits.outageWaitMs(outage.groupId) : 0;
  if (!outage || waitMs === 0) return [];
  const text = `it waits in group ${outage.groupId} for ${waitMs / 1_000} s first, and runs if a backend is back by then`;
  return [{ step: 'queue', outcome: Reason_Outcome.ABSTAINED, text }];
}

function refusalOf({ errorName, message }: Extract<Outcome, { kind: 'refused' }>) {
  return { kind: 'refused', errorName, message } as const;
}
