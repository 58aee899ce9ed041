import type { RouteRequest } from '@trino-gateway/api/gateway';
import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import type { Circumstances } from '../routing/circumstances.ts';
import { decide } from '../routing/decide.ts';
import type { Outcome } from '../routing/outcome.ts';
import type { ClientRequest } from '../routing/request.ts';
import { createAnsweredRoutes } from './answered-routes.ts';
import type { LoadCounts } from './load-counts.ts';
import { type Preview, type PreviewedQuery, previewSlot } from './preview.ts';
import { noBackend, type Routed, type SlotContext, takeBoundSlot, takeSlot } from './take-slot.ts';

/** A request as a decision looks at it. */
export type DecidedRequest = ClientRequest & { user: string };

/** Decisions with this replica's clock, chance, cursors and counts. */
export type Decisions = {
  /** What a decision made now would depend on; moves no cursor. */
  circumstances(): Circumstances;
  /** What routing would decide now, without limits and queues; changes nothing. */
  dryRun(request: DecidedRequest): Outcome;
  /**
   * What would become of a query now, by the same rules as `route` and the queue; changes nothing.
   * @throws DatabaseUnavailableError when that depends on slots, and the database does not answer
   */
  preview(request: PreviewedQuery): Promise<Preview>;
  /**
   * Decides for a submission and counts it as started; repeated, it answers the same. A promise only where a slot is needed:
   * it rejects with DatabaseUnavailableError when the slot cannot be stored.
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
  /** Called for each decision that is not a repetition or a dry run. */
  onDecision: (outcome: Outcome) => void;
};

/** What was decided for a submission, and whether it needs a slot. */
type Decided = Routed & { bounded: boolean };

/** Remembers the answers already given. */
export function createDecisions(options: Options): Decisions {
  const { configuration, live, keys, cursors, now, chance } = options;
  const answered = createAnsweredRoutes<Decided>(now);
  const circumstances = (): Circumstances => ({
    now: now(),
    chance: chance(),
    cursor: (groupId) => cursors.get(groupId) ?? 0,
    live,
    defaultGroupId: keys.default_group,
  });
  return {
    circumstances,
    dryRun: (request) => decide(request, configuration.snapshot(), circumstances()),
    preview: async (query) => {
      const outcome = decide(query, configuration.snapshot(), circumstances());
      return await previewSlot(options, query, { outcome, bounded: isBounded(options, outcome) });
    },
    route: (request) => {
      const decided = answered.recall(request.submissionId, request.excludedBackendIds, () =>
        decideSubmission(options, request, circumstances()),
      );
      const { outcome, bounded } = decided;
      if (request.boundBackendId !== '') return takeBoundSlot(options, request, outcome);
      // Nothing is submitted: the caller only asks which cluster it would be.
      if (request.statement === '')
        return outcome.kind === 'waits' ? { outcome: noBackend(outcome), leased: false } : decided;
      return bounded && outcome.kind !== 'refused' ? takeSlot(options, request, outcome) : decided;
    },
  };
}

function decideSubmission(options: Options, request: RouteRequest, circumstances: Circumstances): Decided {
  const { configuration, live, cursors, onDecision } = options;
  const outcome = decide(request, configuration.snapshot(), {
    ...circumstances,
    excluded: new Set(request.excludedBackendIds),
    avoided: new Set(request.avoidedBackendIds),
  });
  const bounded = isBounded(options, outcome);
  if (outcome.kind === 'chosen' && !bounded) {
    cursors.set(outcome.groupId, (cursors.get(outcome.groupId) ?? 0) + 1);
    live.started(request.submissionId, outcome.backend.id);
  }
  onDecision(outcome);
  return { outcome, leased: false, bounded };
}

/** Whether it needs a slot: because of a limit, of a hold, or of others of its group that already wait for a backend. */
function isBounded({ limits, ledger }: Options, outcome: Outcome): boolean {
  if (outcome.kind === 'refused') return false;
  const { groupId } = outcome;
  const state = ledger.state();
  const others = limits.group(groupId)?.queuesWhenUnavailable === true && state.loads.ofGroup(groupId).waiters > 0;
  return outcome.kind === 'waits' || limits.bounds(groupId) || state.isHeld(groupId) || others;
}
