import type { RouteRequest } from '@trino-gateway/api/gateway';
import type { LiveCounts } from './live-counts.ts';
import { createRouteMemory } from './route-memory.ts';
import { type Circumstances, decide, type Outcome } from './routing/decide.ts';
import type { ClientRequest } from './routing/request.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';

/** A request as a decision looks at it. */
export type DecidedRequest = ClientRequest & { user: string };

/** Decisions with this replica's clock, chance, turns and counts. */
export type Decisions = {
  /** What a decision made now would depend on; uses no turn up. */
  circumstances(): Circumstances;
  /** What would be decided now; changes nothing. */
  dryRun(request: DecidedRequest): Outcome;
  /** Decides for a submission and counts it as started; repeated, it answers the same. */
  route(request: RouteRequest): Outcome;
};

type Options = {
  keeper: SnapshotKeeper;
  live: LiveCounts;
  defaultGroupId: string | undefined;
  now: () => number;
  /** From 0 up to but not 1. */
  chance: () => number;
  /** Called for each decision that is not a repetition or a dry run. */
  onDecision: (outcome: Outcome) => void;
};

/** Holds the turns of the groups and the answers already given. */
export function createDecisions({ keeper, live, defaultGroupId, now, chance, onDecision }: Options): Decisions {
  const turns = new Map<string, number>();
  const memory = createRouteMemory<Outcome>(now);
  const circumstances = (): Circumstances => ({
    now: now(),
    chance: chance(),
    turn: (groupId) => turns.get(groupId) ?? 0,
    live,
    defaultGroupId,
  });
  return {
    circumstances,
    dryRun: (request) => decide(request, keeper.snapshot(), circumstances()),
    route: (request) =>
      memory.recall(request.submissionId, request.excludedBackendIds, () => {
        const outcome = decide(request, keeper.snapshot(), {
          ...circumstances(),
          excluded: new Set(request.excludedBackendIds),
          avoided: new Set(request.avoidedBackendIds),
        });
        if (outcome.kind === 'chosen') {
          turns.set(outcome.groupId, (turns.get(outcome.groupId) ?? 0) + 1);
          live.started(request.submissionId, outcome.backend.id);
        }
        onDecision(outcome);
        return outcome;
      }),
  };
}
