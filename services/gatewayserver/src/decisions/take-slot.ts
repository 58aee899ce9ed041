import { Reason_Outcome, type RouteRequest } from '@trino-gateway/api/gateway';
import type { GatewayserverConfig } from '@trino-gateway/config';
import { querySource } from '@trino-gateway/trino';
import { comparableHost } from '@trino-gateway/trino/host';
import type { GroupMetrics } from '../admission/group-metrics.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import { storedUser } from '../admission/ledger/stored-user.ts';
import { admit, takeAt } from '../admission/rules/admit.ts';
import type { Observation } from '../admission/rules/observed-limits.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import type { StepReason } from '../routing/chain/opinion.ts';
import type { ClientRequest } from '../routing/chain/routed-query.ts';
import { type Outcome, withAuthentication } from '../routing/outcome.ts';
import { beforeSpillOver, spilledOver } from '../routing/spill-over.ts';
import type { LoadCounts } from './load-counts.ts';
import { neverWaits } from './never-waits.ts';

/** An outcome, and whether a slot of the backend is held for it. */
export type Routed = {
  outcome: Outcome;
  leased: boolean;
  /** Which drains were known when the backend was chosen. */
  drainsRevision?: number;
  /** The only backend that can carry it out is sealed. */
  sealed?: boolean;
};

/** An outcome that names a group. */
export type Accepted = Exclude<Outcome, { kind: 'refused' }>;

/** What taking slots works with. */
export type SlotContext = {
  configuration: Pick<ConfigurationCache, 'known' | 'snapshot' | 'chain'>;
  live: Pick<LoadCounts, 'started'>;
  ledger: Pick<Ledger, 'run'>;
  /** Whether queries of this backend may hold slots. */
  isLimited: (backendId: string) => boolean;
  /** As they are now: they may change while the process runs. */
  groupMetrics: GroupMetrics;
  keys: Pick<GatewayserverConfig, 'default_group' | 'metadata_never_waits'>;
};

/** Takes a slot in the group that was decided, or lets the query wait. The slot may be of another backend than decided. */
export async function takeSlot(context: SlotContext, request: RouteRequest, decided: Accepted): Promise<Routed> {
  const { configuration, live, ledger, keys, groupMetrics } = context;
  const failed = [...request.excludedBackendIds, ...otherThanPinned(context, decided)];
  // One that went on to wait there has no other group to go back to, nor to go on to.
  const origin = decided.kind === 'waits' ? { ...decided, ...stays(decided) } : beforeSpillOver(decided);
  const rawHeaders = request.headers.flatMap(({ name, value }) => [name, value]);
  const applicant = {
    submissionId: request.submissionId,
    groupId: origin.groupId,
    user: countedUser(request),
    source: querySource(rawHeaders) ?? '',
    asker: { user: request.user, source: querySource(rawHeaders) ?? '' },
    strict: origin.strict === true || origin.pinnedBackendId !== undefined,
    affinityHash: decided.affinityHash,
    failedBackendIds: failed,
    avoidedBackendIds: request.avoidedBackendIds,
    neverWaits: neverWaits(request, keys.metadata_never_waits),
    waitsOut: decided.kind === 'waits' && decided.outage === true,
  };
  const authenticated = (outcome: Accepted) =>
    withAuthentication(outcome, entryPointOf(request), configuration.snapshot());
  for (;;) {
    const answer = await ledger.run((admission) => admit(admission, applicant));
    if (answer.kind === 'wait') return { outcome: authenticated({ ...origin, kind: 'waits' }), leased: false };
    if (answer.kind === 'unavailable') return { outcome: noBackend(origin), leased: false };
    const { observed, lease } = answer;
    const { backendId, groupId } = lease;
    const backend = configuration.known.backends.get(backendId)?.backend;
    if (backend) {
      live.started(request.submissionId, backendId);
      if (observed) groupMetrics.countObserved(observed);
      const reasons = observed ? [...origin.reasons, reasonOf(observed)] : origin.reasons;
      const accepted = groupId === origin.groupId ? origin : spilledOver(origin, groupId);
      if (accepted !== origin) groupMetrics.countSpillOver(origin.groupId, groupId);
      return { outcome: authenticated({ ...accepted, kind: 'chosen', backend, reasons }), leased: true };
    }
    // The backend was deleted after the slot was taken.
    if (failed.includes(backendId)) return { outcome: noBackend(decided), leased: false };
    failed.push(backendId);
  }
}

/** The backends of the group that may not take a query because it may only go to one of them. */
function otherThanPinned({ configuration }: SlotContext, { groupId, pinnedBackendId }: Accepted): string[] {
  if (pinnedBackendId === undefined) return [];
  const members = configuration.snapshot().group(groupId)?.backendIds ?? [];
  return members.filter((id) => id !== pinnedBackendId);
}

function stays({ spilledOverFrom }: Accepted): { strict?: true } {
  return spilledOverFrom === undefined ? {} : { strict: true };
}

/** What a limit that only observes would have done, for those who ask why. */
export function reasonOf({ text }: Observation): StepReason {
  return { step: 'slot', outcome: Reason_Outcome.OBSERVED, text };
}

/** For a statement that only one coordinator can execute: takes a slot of that one, also beyond its limit. */
export async function takeBoundSlot(context: SlotContext, request: RouteRequest, decided: Outcome): Promise<Routed> {
  const { configuration, ledger, isLimited } = context;
  const { submissionId, boundBackendId } = request;
  const url = configuration.known.backends.get(boundBackendId)?.backend.url ?? '';
  const authDelegated = configuration
    .snapshot()
    .authentication.forCluster(entryPointOf(request), { backendId: boundBackendId, url });
  const outcome = { ...(decided.kind === 'waits' ? noBackend(decided) : decided), authDelegated };
  if (configuration.snapshot().facts(boundBackendId)?.sealed) return { outcome, leased: false, sealed: true };
  if (!isLimited(boundBackendId)) return { outcome, leased: false };
  const groupId = decided.kind === 'refused' ? '' : decided.groupId;
  const applicant = { submissionId, groupId, user: countedUser(request) };
  const lease = await ledger.run((admission) => takeAt(admission, applicant, boundBackendId));
  return lease === undefined ? { outcome, leased: false, sealed: true } : { outcome, leased: true };
}

/** No backend of the group accepts the query: they became unavailable after the decision, or none may be waited for. */
export function noBackend({ groupId, authDelegated, reasons }: Accepted): Outcome {
  const message = `No cluster is available for this query: no backend of group ${groupId} takes it now`;
  return { kind: 'refused', errorName: 'NO_NODES_AVAILABLE', message, groupId, authDelegated, reasons };
}

/** Where the client connected. */
function entryPointOf({ listeningPort, host }: ClientRequest) {
  return { listeningPort, host: comparableHost(host) };
}

function countedUser(request: RouteRequest): string {
  return storedUser(request.countedUser || request.user);
}
