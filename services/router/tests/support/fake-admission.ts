import { create } from '@bufbuild/protobuf';
import {
  AwaitTurnResponseSchema,
  CancelQueuedResponseSchema,
  DecisionSchema,
  EnqueueResponseSchema,
  FindQueuedResponseSchema,
  GiveBackRequest_Reason,
  type RouteRequest,
  type RouteResponse,
  type SnapshotBackend,
} from '@trino-gateway/api/gateway';
import type { AdmissionClient } from '../../src/control-plane/admission-client.ts';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { type FakeWaiter, hex, nextWake, stateOf } from './fake-waiter.ts';

/** Slots and a queue of one group in memory, for any number of routers. */
export type FakeAdmission = {
  link: AdmissionClient;
  /** How many queries each backend may run. */
  slots: Record<string, number>;
  backends: Map<string, SnapshotBackend>;
  /** Answers Route: a lease, or that the statement must wait. */
  route(
    request: Pick<RouteRequest, 'submissionId' | 'statement' | 'boundBackendId' | 'excludedBackendIds'>,
  ): Partial<RouteResponse>;
  /** A submission was given up: a lease of it that was not confirmed is free. */
  settleSubmission(submissionId: string): void;
  waiters: Map<string, FakeWaiter>;
  /** By submission: the backend, and the query once there is one. */
  leases: Map<string, { backendId: string; queryId: string; running: boolean }>;
  /** The calls, in words: `activate 2026…`. */
  calls: string[];
  /** While true every call fails as if the gatewayserver were down. */
  down: boolean;
  /** While true all waiters are said to wait still, as by a gatewayserver that has not heard of what another one did. */
  isBehind: boolean;
  /** Set: why no statement may wait. */
  refusal: { refusal: string; refusalErrorName: string } | undefined;
  /** The backend where clients that must wait are checked. */
  checksAt: string | undefined;
  /** Called before an assignment is decided. */
  onHandOver: (queryId: string) => void | Promise<void>;
  /** Ends a wait. */
  end(id: string, errorName: string, message: string): void;
  /** Expires the claims that no poll has used, and the leases that no first poll has activated. */
  expireClaims(): void;
  expireUnpolled(): void;
  /** Offers free slots to present waiters; every change calls it. */
  wake(): void;
};

export function fakeAdmission(slots: Record<string, number>): FakeAdmission {
  const { waiters, leases, calls }: Pick<FakeAdmission, 'waiters' | 'leases' | 'calls'> = {
    waiters: new Map(),
    leases: new Map(),
    calls: [],
  };
  let claims = 0;
  const woken = new Set<() => void>();
  const log = (what: string) => void calls.push(what);
  const mustAnswer = () => {
    if (fake.down) throw new GatewayUnavailableError('no answer within 10 ms');
  };
  const isFree = (backendId: string) =>
    [...leases.values()].filter((lease) => lease.backendId === backendId).length < (fake.slots[backendId] ?? 0);
  const find = (id: string, secretHash: Uint8Array | undefined) => {
    const waiter = waiters.get(id);
    return waiter !== undefined && waiter.secretHash === hex(secretHash) ? waiter : undefined;
  };
  const giveUpClaim = (waiter: FakeWaiter) => {
    leases.delete(waiter.submissionId);
    waiter.phase = 'queued';
    waiter.claimId = '';
  };

  const fake: FakeAdmission = {
    slots,
    backends: new Map(),
    waiters,
    leases,
    calls,
    down: false,
    isBehind: false,
    refusal: undefined,
    checksAt: undefined,
    onHandOver: () => {},
    route: ({ submissionId, statement, boundBackendId, excludedBackendIds }) => {
      mustAnswer();
      const names = Object.keys(fake.slots).filter((id) => !excludedBackendIds.includes(id));
      const decided = (backendId: string) => ({
        decision: create(DecisionSchema, { backendId, groupId: 'g', decidedBy: 'policy p' }),
        backend: fake.backends.get(backendId) as SnapshotBackend,
      });
      const [first] = names;
      if (first === undefined) return { refusal: 'no backend is left', refusalErrorName: 'NO_NODES_AVAILABLE' };
      if (statement === '') return decided(first);
      const held = leases.get(submissionId);
      if (held !== undefined && !excludedBackendIds.includes(held.backendId))
        return { ...decided(held.backendId), leased: true };
      const backendId = boundBackendId || names.find(isFree);
      if (backendId !== undefined) {
        leases.set(submissionId, { backendId, queryId: '', running: false });
        return { ...decided(backendId), leased: true };
      }
      const decision = create(DecisionSchema, { groupId: 'g', decidedBy: 'policy p', priority: 3 });
      const backend = fake.backends.get(fake.checksAt ?? '');
      return { decision, mustWait: true, ...(backend && { backend }) };
    },
    settleSubmission: (submissionId) => {
      if (leases.get(submissionId)?.queryId === '') leases.delete(submissionId);
      fake.wake();
    },
    end: (id, errorName, message) => {
      const waiter = waiters.get(id);
      if (waiter === undefined) throw new Error('nobody waits');
      if (waiter.phase === 'claimed') giveUpClaim(waiter);
      Object.assign(waiter, { phase: 'ended', errorName, message });
      fake.wake();
    },
    expireClaims: () => {
      for (const waiter of waiters.values()) if (waiter.phase === 'claimed') giveUpClaim(waiter);
      fake.wake();
    },
    expireUnpolled: () => {
      for (const [id, lease] of leases) if (lease.queryId !== '' && !lease.running) leases.delete(id);
      fake.wake();
    },
    wake: () => {
      const inOrder = [...waiters.values()].toSorted((a, b) => b.priority - a.priority);
      for (const waiter of inOrder) {
        if (waiter.phase !== 'queued' || waiter.present === 0) continue;
        const backendId = Object.keys(fake.slots).find((id) => !waiter.failed.includes(id) && isFree(id));
        if (backendId === undefined) continue;
        claims += 1;
        Object.assign(waiter, { phase: 'claimed', claimId: `claim-${claims}`, backendId });
        leases.set(waiter.submissionId, { backendId, queryId: '', running: false });
      }
      for (const one of [...woken]) one();
    },
    link: {
      enqueue: async (place) => {
        mustAnswer();
        log(`enqueue ${place.queryId}`);
        if (fake.refusal !== undefined) return create(EnqueueResponseSchema, fake.refusal);
        const { queryId: id = '', submissionId = '', user = '', sealed = new Uint8Array() } = place;
        waiters.set(id, {
          ...{ id, submissionId, user, sealed, priority: place.priority ?? 0, secretHash: hex(place.secretHash) },
          ...{ phase: 'queued', present: 0, claimId: '', backendId: '', failed: [], trinoQueryId: '' },
          ...{ sealedAnswer: new Uint8Array(), errorName: '', message: '', queuedMs: 0, limit: place.limit },
        });
        return create(EnqueueResponseSchema, { position: waiters.size });
      },
      awaitTurn: async ({ queryId = '', secretHash, waitMs = 0 }, { signal }) => {
        mustAnswer();
        const waiter = find(queryId, secretHash);
        if (waiter === undefined) return undefined;
        if (waitMs > 0) {
          log(`await ${queryId}`);
          waiter.present += 1;
          fake.wake();
          if (waiter.phase === 'queued') await nextWake(woken, waitMs, signal, () => waiter.phase !== 'queued');
          waiter.present -= 1;
          signal.throwIfAborted();
        }
        mustAnswer();
        return create(AwaitTurnResponseSchema, { state: stateOf(waiter, fake, waitMs > 0) ?? { case: undefined } });
      },
      attend: async ({ queries = [], waitMs = 0 }, signal) => {
        if (fake.down) return undefined;
        const attended = queries.map(({ queryId = '', secretHash }) => ({
          queryId,
          waiter: find(queryId, secretHash),
        }));
        for (const { queryId } of attended) log(`attend ${queryId}`);
        const changed = () => attended.filter(({ waiter }) => waiter?.phase !== 'queued');
        for (const { waiter } of attended) if (waiter) waiter.present += 1;
        fake.wake();
        if (changed().length === 0) await nextWake(woken, waitMs, signal, () => changed().length > 0);
        for (const { waiter } of attended) if (waiter) waiter.present -= 1;
        return { changedQueryIds: changed().map(({ queryId }) => queryId) };
      },
      leave: ({ queryId = '', secretHash }) => {
        log(`leave ${queryId}`);
        if (find(queryId, secretHash) !== undefined) fake.wake();
      },
      assign: async ({ queryId = '', claimId, trinoQueryId = '', sealedAnswer = new Uint8Array() }) => {
        await fake.onHandOver(queryId);
        mustAnswer();
        log(`assign ${queryId}`);
        const waiter = waiters.get(queryId);
        if (waiter?.phase === 'handedOver') return waiter.trinoQueryId === trinoQueryId;
        const lease = leases.get(waiter?.submissionId ?? '');
        if (waiter?.phase !== 'claimed' || waiter.claimId !== claimId || lease === undefined) return false;
        Object.assign(waiter, { phase: 'handedOver', trinoQueryId, sealedAnswer });
        lease.queryId = trinoQueryId;
        fake.wake();
        return true;
      },
      release: async ({ queryId = '', claimId, reason = 0 }) => {
        log(`release ${Object.keys(GiveBackRequest_Reason)[reason]}`);
        const waiter = waiters.get(queryId);
        if (waiter?.phase !== 'claimed' || waiter.claimId !== claimId) return;
        giveUpClaim(waiter);
        if (reason === GiveBackRequest_Reason.FAILED) waiter.failed.push(waiter.backendId);
        if (waiter.failed.length >= Object.keys(fake.slots).length) waiter.failed = [];
        else fake.wake();
      },
      cancelQueued: async ({ queryId = '', secretHash, user, errorName, message }) => {
        mustAnswer();
        log(`cancel ${queryId}`);
        const waiter = waiters.get(queryId);
        if (waiter === undefined) return undefined;
        const isTheirs = hex(secretHash) === '' ? waiter.user === user : waiter.secretHash === hex(secretHash);
        if (!isTheirs) return undefined;
        const { trinoQueryId, backendId } = waiter;
        if (waiter.phase === 'handedOver') return create(CancelQueuedResponseSchema, { trinoQueryId, backendId });
        if (waiter.phase !== 'ended') fake.end(queryId, errorName || 'USER_CANCELED', message || 'Query was canceled');
        return create(CancelQueuedResponseSchema, { cancelled: true });
      },
      findQueued: async (queryId) => {
        mustAnswer();
        const waiter = waiters.get(queryId);
        if (waiter === undefined) return undefined;
        const state = stateOf(fake.isBehind ? { ...waiter, phase: 'queued' } : waiter, fake, false);
        return create(FindQueuedResponseSchema, {
          user: waiter.user,
          ...(fake.backends.size > 0 && {
            checksAt: fake.backends.get(fake.checksAt ?? '') ?? [...fake.backends.values()][0],
          }),
          ...(state && state.case !== 'turn' && { state }),
        });
      },
      confirmLease: async (submissionId, trinoQueryId) => {
        mustAnswer();
        log(`confirmLease ${trinoQueryId}`);
        const lease = leases.get(submissionId);
        if (lease === undefined) return false;
        lease.queryId = trinoQueryId;
        return true;
      },
      activate: async ({ trinoQueryId, backendId }) => {
        mustAnswer();
        log(`activate ${trinoQueryId}`);
        const held = [...leases.values()].find(({ queryId }) => queryId === trinoQueryId);
        if (held !== undefined) held.running = true;
        else if (isFree(backendId)) leases.set(trinoQueryId, { backendId, queryId: trinoQueryId, running: true });
        else return false;
        return true;
      },
      settle: (trinoQueryId) => {
        log(`settle ${trinoQueryId}`);
        for (const [id, { queryId }] of leases) if (queryId === trinoQueryId) leases.delete(id);
        fake.wake();
      },
      expireUnpolled: (trinoQueryId) => {
        log(`expireUnpolled ${trinoQueryId}`);
        for (const [id, { queryId, running }] of leases) if (queryId === trinoQueryId && !running) leases.delete(id);
        fake.wake();
      },
    },
  };
  return fake;
}
