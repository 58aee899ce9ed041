import type { RouteRequest } from '@trino-gateway/api/gateway';
import { comparableHost } from '@trino-gateway/trino/host';
import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import { storedUser } from '../admission/ledger/stored-user.ts';
import { admit, takeAt } from '../admission/rules/admission.ts';
import type { SnapshotKeeper } from '../configuration/configuration-cache.ts';
import type { Circumstances } from '../routing/circumstances.ts';
import { decide } from '../routing/decide.ts';
import { type Outcome, withAuthentication } from '../routing/outcome.ts';
import type { ClientRequest } from '../routing/request.ts';
import { createRouteMemory } from './answered-routes.ts';
import type { LiveCounts } from './load-counts.ts';
import { neverWaits } from './never-waits.ts';

/** A request as a decision looks at it. */
export type DecidedRequest = ClientRequest & { user: string };

/** An outcome, and whether a slot of the backend is held for it. */
export type Routed = { outcome: Outcome; leased: boolean };

/** Decisions with this replica's clock, chance, turns and counts. */
export type Decisions = {
  /** What a decision made now would depend on; uses no turn up. */
  circumstances(): Circumstances;
  /** What would be decided now; changes nothing. */
  dryRun(request: DecidedRequest): Outcome;
  /**
   * Decides for a submission and counts it as started; repeated, it answers the same. A promise only where a slot must be
   * had: it throws DatabaseUnavailableError when it cannot be stored.
   */
  route(request: RouteRequest): Routed | Promise<Routed>;
};

type Options = {
  keeper: Pick<SnapshotKeeper, 'known' | 'snapshot'>;
  live: LiveCounts;
  limits: ConfiguredLimits;
  ledger: Pick<Ledger, 'run' | 'state'>;
  /** Whether queries of this backend may hold slots. */
  isLimited: (backendId: string) => boolean;
  defaultGroupId: string | undefined;
  /** SHOW and DESCRIBE start at once, whatever the limits. */
  metadataNeverWaits?: boolean;
  /** The choices made in each group, counted on. */
  turns: Map<string, number>;
  now: () => number;
  /** From 0 up to but not 1. */
  chance: () => number;
  /** Called for each decision that is not a repetition or a dry run. */
  onDecision: (outcome: Outcome) => void;
};

/** Holds the answers already given. */
export function createDecisions(options: Options): Decisions {
  const {
    keeper,
    live,
    limits,
    ledger,
    isLimited,
    defaultGroupId,
    metadataNeverWaits,
    turns,
    now,
    chance,
    onDecision,
  } = options;
  const memory = createRouteMemory<Routed & { bounded: boolean }>(now);
  const circumstances = (): Circumstances => ({
    now: now(),
    chance: chance(),
    cursor: (groupId) => turns.get(groupId) ?? 0,
    live,
    defaultGroupId,
  });
  /** Whether it needs a slot: of a limit, of a hold, or because others of its group wait for a backend already. */
  const isBounded = (outcome: Outcome) => {
    if (outcome.kind === 'refused') return false;
    const { groupId } = outcome;
    const state = ledger.state();
    const others = limits.group(groupId)?.queuesWhenUnavailable === true && state.loads.ofGroup(groupId).waiters > 0;
    return outcome.kind === 'waits' || limits.bounds(groupId) || state.isHeld(groupId) || others;
  };
  /** Said anew where the slot was had elsewhere than decided, or may be. */
  const authenticated = (request: ClientRequest, outcome: Exclude<Outcome, { kind: 'refused' }>) =>
    withAuthentication(outcome, doorOf(request), keeper.snapshot());
  const admitted = async (request: RouteRequest, decided: Exclude<Outcome, { kind: 'refused' }>): Promise<Routed> => {
    const failed = [...request.excludedBackendIds];
    for (;;) {
      const applicant = {
        submissionId: request.submissionId,
        groupId: decided.groupId,
        user: countedUser(request),
        failedBackendIds: failed,
        avoidedBackendIds: request.avoidedBackendIds,
        neverWaits: neverWaits(request, metadataNeverWaits),
      };
      const answer = await ledger.run((admission) => admit(admission, applicant));
      if (answer.kind === 'wait')
        return { outcome: authenticated(request, { ...decided, kind: 'waits' }), leased: false };
      if (answer.kind === 'nobody') return { outcome: nobody(decided), leased: false };
      const { backendId, groupId } = answer.lease;
      const backend = keeper.known.backends.get(backendId)?.backend;
      if (backend) {
        live.started(request.submissionId, backendId);
        return { outcome: authenticated(request, { ...decided, kind: 'chosen', groupId, backend }), leased: true };
      }
      // It was deleted after the slot was taken.
      if (failed.includes(backendId)) return { outcome: nobody(decided), leased: false };
      failed.push(backendId);
    }
  };
  /** For a statement that one coordinator alone can carry out: a slot of that, also beyond the limit. */
  const bound = async (request: RouteRequest, decided: Outcome): Promise<Routed> => {
    const { submissionId, boundBackendId } = request;
    const url = keeper.known.backends.get(boundBackendId)?.backend.url ?? '';
    const authDelegated = keeper
      .snapshot()
      .authentication.forCluster(doorOf(request), { backendId: boundBackendId, url });
    const outcome = { ...(decided.kind === 'waits' ? nobody(decided) : decided), authDelegated };
    if (!isLimited(boundBackendId)) return { outcome, leased: false };
    const applicant = {
      submissionId,
      groupId: decided.kind === 'refused' ? '' : decided.groupId,
      user: countedUser(request),
    };
    await ledger.run((admission) => takeAt(admission, applicant, boundBackendId));
    return { outcome, leased: true };
  };
  return {
    circumstances,
    dryRun: (request) => decide(request, keeper.snapshot(), circumstances()),
    route: (request) => {
      const routed = memory.recall(request.submissionId, request.excludedBackendIds, () => {
        const outcome = decide(request, keeper.snapshot(), {
          ...circumstances(),
          excluded: new Set(request.excludedBackendIds),
          avoided: new Set(request.avoidedBackendIds),
        });
        const bounded = isBounded(outcome);
        if (outcome.kind === 'chosen' && !bounded) {
          turns.set(outcome.groupId, (turns.get(outcome.groupId) ?? 0) + 1);
          live.started(request.submissionId, outcome.backend.id);
        }
        onDecision(outcome);
        return { outcome, leased: false, bounded };
      });
      const { outcome, bounded } = routed;
      if (request.boundBackendId !== '') return bound(request, outcome);
      // Nothing is submitted: whoever asks only wants to know which cluster it would be.
      if (request.statement === '')
        return outcome.kind === 'waits' ? { outcome: nobody(outcome), leased: false } : routed;
      return bounded && outcome.kind !== 'refused' ? admitted(request, outcome) : routed;
    },
  };
}

const doorOf = ({ listeningPort, host }: ClientRequest) => ({ listeningPort, host: comparableHost(host) });
const countedUser = (request: RouteRequest) => storedUser(request.countedUser || request.user);

/** Its backends became unavailable between the decision and the slot. */
function nobody({ groupId, authDelegated, reasons }: Exclude<Outcome, { kind: 'refused' }>): Outcome {
  const message = `No cluster is available for this query: no backend of group ${groupId} takes it now`;
  return { kind: 'refused', errorName: 'NO_NODES_AVAILABLE', message, authDelegated, reasons };
}
