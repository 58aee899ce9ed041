/** How long each phase lasts, in milliseconds. */
export type AdmissionTimes = {
  /** From taking a lease to the cluster's answer: as long as a submission may take, and a little more. */
  takenMs: number;
  /** From the cluster's answer to the client's first poll. */
  unpolledMs: number;
  /** A first poll that was forwarded reaches its cluster within this, or never. */
  underWayMs: number;
  /** A first poll that was turned away is repeated within this, or a little after its last pause; a slot that becomes free is reserved for as long. */
  reservedMs: number;
  /** An expired or settled lease is remembered as long as a cluster remembers a query that nobody polled. */
  rememberedMs: number;
  /** A claim: from the poll that receives it to the cluster's answer. Shorter than takenMs: the lease outlives the claim. */
  claimMs: number;
  /** A slot offered between two polls is reserved this long for the next one. */
  pickUpMs: number;
  /** A waiter counts as present for at least this long after its last poll has ended. */
  presentMs: number;
  /** And for no longer than this, however long its client pauses: so long may one that has gone delay the next. */
  mostPresentMs: number;
  /** Presence is stored for so long at a time; while the gatewayserver that sees the polls is up, it says sooner that they have ended. */
  storedPresenceMs: number;
  /** Grace period in which waiters present before an outage count as present. */
  resumeMs: number;
  /** After every backend has failed for a waiter, no slot is offered to it for this long. */
  pauseMs: number;
  /** A waiter that is not polled counts as abandoned after this. */
  forgetMs: number;
  /** A past waiter is kept this long, for repeated polls, and as long as its query has a lease. */
  keepMs: number;
  /** Waiters and leases whose group or backend does not exist end after this: other replicas may learn of it a little earlier. */
  orphanedMs: number;
};

/** Trino forgets a query nobody polls after five minutes (query.client.timeout); clients poll within a second. */
export const ADMISSION_TIMES: AdmissionTimes = {
  takenMs: 30_000,
  unpolledMs: 30_000,
  underWayMs: 30_000,
  reservedMs: 5_000,
  rememberedMs: 360_000,
  claimMs: 15_000,
  pickUpMs: 2_000,
  presentMs: 1_500,
  mostPresentMs: 6_000,
  storedPresenceMs: 10_000,
  resumeMs: 3_000,
  pauseMs: 1_000,
  forgetMs: 300_000,
  keepMs: 600_000,
  orphanedMs: 10_000,
};

/**
 * How long after a poll the next one of a client that pauses for `rhythmMs` is waited for. Twice as long, since some clients
 * pause longer each time; where the rhythm is not known, as long as for any.
 */
export function patienceMs(times: Pick<AdmissionTimes, 'presentMs' | 'mostPresentMs'>, rhythmMs?: number): number {
  const { presentMs, mostPresentMs } = times;
  if (rhythmMs === undefined) return mostPresentMs;
  return Math.min(Math.max(presentMs, 2 * rhythmMs + MARGIN_MS), mostPresentMs);
}

/** What a poll may take on its way. */
const MARGIN_MS = 500;
