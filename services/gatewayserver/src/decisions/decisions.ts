import type { RouteRequest } from '@trino-gateway/api/gateway';
import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import type { ChainAnswer, StepHit } from '../routing/chain/chain-answer.ts';
import { type RoutedQuery, routedQuery, type SubmittedQuery } from '../routing/chain/routed-query.ts';
import type { CompiledChain } from '../routing/chain/routing-chain.ts';
import type { Circumstances } from '../routing/circumstances.ts';
import { decide } from '../routing/decide.ts';
import { withKeepAlive } from '../routing/keep-alive.ts';
import type { Outcome } from '../routing/outcome.ts';
import { createAnsweredRoutes } from './answered-routes.ts';
import { askChain } from './ask-chain.ts';
import type { LoadCounts } from './load-counts.ts';
import { type Preview, previewSlot } from './preview.ts';
import { type Accepted, noBackend, type Routed, type SlotContext, takeBoundSlot, takeSlot } from './take-slot.ts';

/** Decisions with this replica's clock, chance, cursors and counts. */
export type Decisions = {
  /** What a decision made now would depend on; moves no cursor. */
  circumstances(): Circumstances;
  /** What a chain says of a query; changes and counts nothing. */
  ask(query: RoutedQuery, chain: CompiledChain, chance: number): ChainAnswer | Promise<ChainAnswer>;
  /** What the routing chain would decide now, without limits and queues; changes nothing. */
  dryRun(query: SubmittedQuery, chain: CompiledChain): Outcome | Promise<Outcome>;
  /**
   * What would become of a query now, by the same rules as `route` and the queue; changes nothing.
   * @param chain instead of the one in force
   * @throws DatabaseUnavailableError when that depends on slots, and the database does not answer
   */
  preview(query: SubmittedQuery, chain?: CompiledChain): Promise<Preview>;
  /**
   * Decides for a submission and counts it as started; repeated, it answers the same. A promise only where a slot is needed, or a
   * step of the chain takes time: it rejects with DatabaseUnavailableError when the slot cannot be stored.
   */
  route(request: RouteRequest): Routed | Promise<Routed>;
};

type Options = Omit<SlotContext, 'live'> & {
  live: LoadCounts;
  limits: ConfiguredLimits;
  ledger: Pick<Ledger, 'run' | 'state' | 'preview'>;
  /** Round robin: how many choices were made in each group. */
  cursors: Map<string, number>;
  now: () => number;
  /** From 0 up to but not 1. */
  chance: () => number;
  /** Called with what the steps of the chain did for a submission. */
  onHits: (hits: readonly StepHit[]) => void;
  /** Called for each decision that is not a repetition or a dry run. */
  onDecision: (outcome: Outcome) => void;
};

/** What was decided for a submission, and whether it needs a slot. */
type Decided = Routed & { bounded: boolean };

/** Remembers the answers already given. */
export function createDecisions(options: Options): Decisions {
  const { configuration, live, keys, cursors, now, chance } = options;
  const answered = createAnsweredRoutes<Decided | Promise<Decided>>(now);
  const circumstances = (): Circumstances => ({
    now: now(),
    chance: chance(),
    cursor: (groupId) => cursors.get(groupId) ?? 0,
    live,
    lastStartedAt: live.lastStartedAt,
  });
  const slowAnswers = createAnsweredRoutes<ChainAnswer | Promise<ChainAnswer>>(now);
  const ask: Decisions['ask'] = (query, chain, drawn) =>
    askChain(chain, query, { snapshot: configuration.snapshot(), chance: drawn, defaultGroupId: keys.default_group });
  const dryRun: Decisions['dryRun'] = (submitted, chain) => {
    const around = circumstances();
    const query = routedQuery(submitted, around.now);
    return after(ask(query, chain, around.chance), (answer) => {
      const snapshot = configuration.snapshot();
      return withKeepAlive(decide(query, answer, snapshot, around), submitted.statement, snapshot);
    });
  };
  const decideNow = (request: RouteRequest): Decided | Promise<Decided> => {
    const around = circumstances();
    const query = routedQuery(request, around.now);
    const chain = configuration.chain();
    // Another attempt of the same submission: what leaves the process is not asked again.
    const answer = chain.isSlow
      ? slowAnswers.recall(request.submissionId, [], () => ask(query, chain, around.chance))
      : ask(query, chain, around.chance);
    return after(answer, (answered) => decideSubmission(options, { request, query, answer: answered }, around));
  };
  return {
    circumstances,
    ask,
    dryRun,
    preview: async (query, chain = configuration.chain()) => {
      const outcome = await dryRun(query, chain);
      return await previewSlot(options, query, { outcome, bounded: isBounded(options, outcome) });
    },
    route: (request) =>
      after(
        answered.recall(request.submissionId, request.excludedBackendIds, () => decideNow(request)),
        (decided) => withSlot(options, request, decided),
      ),
  };
}

/** At once, unless the answer takes time. */
function after<Answer, Result>(
  answer: Answer | Promise<Answer>,
  then: (answer: Answer) => Result | Promise<Result>,
): Result | Promise<Result> {
  return answer instanceof Promise ? answer.then(then) : then(answer);
}

function withSlot(options: Options, request: RouteRequest, decided: Decided): Routed | Promise<Routed> {
  const { outcome, bounded } = decided;
  const { drainsRevision } = options.configuration.known;
  if (request.boundBackendId !== '') return takeBoundSlot(options, request, outcome);
  // Nothing is submitted: the caller only asks which cluster it would be.
  if (request.statement === '')
    return outcome.kind === 'waits' ? { outcome: noBackend(outcome), leased: false } : decided;
  if (!bounded || outcome.kind === 'refused') return decided;
  // Its lease tells of it to everybody who knows of later drains.
  return takeSlot(options, request, outcome).then((routed) => ({ ...routed, drainsRevision }));
}

function decideSubmission(
  options: Options,
  { request, query, answer }: { request: RouteRequest; query: RoutedQuery; answer: ChainAnswer },
  circumstances: Circumstances,
): Decided {
  const { configuration, limits, live, cursors, onDecision, onHits, groupMetrics } = options;
  const { drainsRevision } = configuration.known;
  if (request.excludedBackendIds.length === 0) {
    onHits(answer.hits);
    groupMetrics.countPassedOver(answer.passedOver);
  }
  const snapshot = configuration.snapshot();
  const decided = decide(query, answer, snapshot, {
    ...circumstances,
    excluded: new Set(request.excludedBackendIds),
    avoided: new Set(request.avoidedBackendIds),
  });
  const outcome = withKeepAlive(waitsOut(decided, limits) ? decided.outage : decided, request.statement, snapshot);
  const bounded = isBounded(options, outcome);
  if (outcome.kind === 'chosen' && !bounded) {
    cursors.set(outcome.groupId, (cursors.get(outcome.groupId) ?? 0) + 1);
    live.started(request.submissionId, outcome.backend.id);
    if (outcome.spilledOverFrom !== undefined) groupMetrics.countSpillOver(outcome.spilledOverFrom, outcome.groupId);
  }
  onDecision(outcome);
  return { outcome, leased: false, bounded, drainsRevision };
}

type Outage = Extract<Outcome, { kind: 'refused' }> & { outage: Accepted };

/** Whether it waits for an outage to pass, instead of being refused at once. */
function waitsOut(outcome: Outcome, limits: Pick<ConfiguredLimits, 'outageWaitMs'>): outcome is Outage {
  return outcome.kind === 'refused' && outcome.outage !== undefined && limits.outageWaitMs(outcome.outage.groupId) > 0;
}

/** Whether it needs a slot: because of a limit, of a hold, or of others of its group that already wait for a backend. */
function isBounded({ limits, ledger }: Options, outcome: Outcome): boolean {
  if (outcome.kind === 'refused' || (outcome.kind === 'waits' && outcome.keepAlive)) return false;
  const { groupId } = outcome;
  const state = ledger.state();
  const others = limits.group(groupId)?.queuesWhenUnavailable === true && state.loads.ofGroup(groupId).waiters > 0;
  return outcome.kind === 'waits' || limits.bounds(groupId) || state.isHeld(groupId) || others;
}
