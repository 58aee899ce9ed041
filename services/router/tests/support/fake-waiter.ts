import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AwaitTurnResponseSchema, SnapshotBackend } from '@trino-gateway/api/gateway';

/** A statement that waits, as the fake keeps it. */
export type FakeWaiter = {
  id: string;
  secretHash: string;
  submissionId: string;
  user: string;
  priority: number;
  sealed: Uint8Array;
  phase: 'queued' | 'claimed' | 'handedOver' | 'ended';
  present: number;
  claimId: string;
  backendId: string;
  failed: string[];
  trinoQueryId: string;
  sealedAnswer: Uint8Array;
  errorName: string;
  message: string;
  queuedMs: number;
  /** The client's own limit, as the router told it. */
  limit: { leftMs?: number | undefined; message?: string | undefined } | undefined;
};

export const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

/** What AwaitTurn and FindQueued say of a waiter; `takesTurn`: an offer made to it is told. */
export function stateOf(
  waiter: FakeWaiter,
  { waiters, backends }: { waiters: ReadonlyMap<string, FakeWaiter>; backends: ReadonlyMap<string, SnapshotBackend> },
  takesTurn: boolean,
): MessageInitShape<typeof AwaitTurnResponseSchema>['state'] {
  if (waiter.phase === 'handedOver') {
    const { trinoQueryId, backendId, sealedAnswer } = waiter;
    return { case: 'handedOver', value: { trinoQueryId, backendId, sealedAnswer } };
  }
  if (waiter.phase === 'ended')
    return { case: 'ended', value: { errorName: waiter.errorName, message: waiter.message } };
  if (waiter.phase === 'claimed' && takesTurn) {
    const backend = backends.get(waiter.backendId);
    if (backend === undefined) throw new Error('no such backend');
    const { claimId, sealed, queuedMs } = waiter;
    const decision = { groupId: 'g', backendId: backend.id };
    return { case: 'turn', value: { claimId, backend, sealed, queuedMs, decision } };
  }
  const ahead = [...waiters.values()].filter(({ phase }) => phase === 'queued');
  return { case: 'waiting', value: { position: ahead.indexOf(waiter) + 1, groupId: 'g', queuedMs: waiter.queuedMs } };
}

/** Resolves when the condition holds, or the wait is over. */
export function nextWake(
  woken: Set<() => void>,
  waitMs: number,
  signal: AbortSignal,
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      woken.delete(check);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const check = () => {
      if (isOver()) done();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done, { once: true });
    woken.add(check);
  });
}
