/** How long each phase lasts, in milliseconds. */
export type AdmissionTimes = {
  /** From taking a lease to the cluster's answer: as long as a submission may take, and a little more. */
  takenMs: number;
  /** From the cluster's answer to the client's first poll. */
  unpolledMs: number;
  /** A first poll that was let through reaches its cluster within this, or never. */
  underWayMs: number;
  /** A first poll that was turned away comes again within this: so long a slot is kept for it, once there is one. */
  wantedMs: number;
  /** A lapsed or settled lease is remembered as long as a cluster remembers a query that nobody polled. */
  lapsedMs: number;
  /** A claim: from a poll that knows of it to the cluster's answer. Shorter than takenMs: the lease outlives the claim. */
  claimMs: number;
  /** A claim whose waiter is between two polls is kept so long for the next one. */
  pickUpMs: number;
  /** A waiter counts as present for this long after its last poll has ended. */
  presentMs: number;
  /** Who was present when a break of service began does so for this long after it. */
  resumeMs: number;
  /** Who was refused by every backend is not offered another slot for this long. */
  pauseMs: number;
  /** A waiter nobody polls is forgotten after this. */
  forgetMs: number;
  /** What has ended or was handed over is kept so long, for polls that are repeated, and as long as its query has a lease. */
  keepMs: number;
  /** Who waits in a group, or runs on a backend, that does not exist is let go after this: other replicas may know it a little earlier. */
  strayMs: number;
};

/** Trino forgets a query nobody polls after five minutes (query.client.timeout); clients poll within a second. */
export const ADMISSION_TIMES: AdmissionTimes = {
  takenMs: 30_000,
  unpolledMs: 30_000,
  underWayMs: 30_000,
  wantedMs: 5_000,
  lapsedMs: 360_000,
  claimMs: 15_000,
  pickUpMs: 2_000,
  presentMs: 1_500,
  resumeMs: 3_000,
  pauseMs: 1_000,
  forgetMs: 300_000,
  keepMs: 600_000,
  strayMs: 10_000,
};
