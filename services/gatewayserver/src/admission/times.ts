/** How long each phase lasts, in milliseconds. */
export type AdmissionTimes = {
  /** From taking a lease to the cluster's answer: as long as a submission may take, and a little more. */
  takenMs: number;
  /** From the cluster's answer to the client's first poll. */
  unpolledMs: number;
  /** A lapsed lease is remembered as long as a cluster remembers a query that nobody polled. */
  lapsedMs: number;
  /** A claim: from offering the slot to the cluster's answer. */
  claimMs: number;
  /** A waiter counts as present for this long after its last poll has ended. */
  presentMs: number;
  /** A waiter nobody polls is forgotten after this. */
  forgetMs: number;
  /** What has ended is kept so long, for polls that are repeated. */
  keepMs: number;
};

/** Trino forgets a query nobody polls after five minutes (query.client.timeout); clients poll within a second. */
export const ADMISSION_TIMES: AdmissionTimes = {
  takenMs: 30_000,
  unpolledMs: 30_000,
  lapsedMs: 360_000,
  claimMs: 15_000,
  presentMs: 1_500,
  forgetMs: 300_000,
  keepMs: 600_000,
};
