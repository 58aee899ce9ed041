import type { GroupLimits, QueueBounds } from '../../../src/admission/limits/limits.ts';
import type { Admission } from '../../../src/admission/rules/admission.ts';
import type { AdmissionTimes } from '../../../src/admission/rules/times.ts';
import { createAdmissionState } from '../../../src/admission/state/admission-state.ts';
import { limitsOf } from '../support/limits-of.ts';

/** The backends of the world. */
export const BACKENDS = ['b1', 'b2', 'b3'];
/** Its groups, with their backends. */
export const GROUPS: Record<string, string[]> = { g1: ['b1', 'b2'], g2: ['b2', 'b3'], g3: ['b3'] };
/** The users who submit. */
export const USERS = ['ann', 'bob', 'cid'];
/** The most that may wait in each group, and of one user in it; 0 without a bound of the group. */
export const MOST_QUEUED: Record<string, { all: number; ofUser: number }> = {
  g1: { all: 5, ofUser: 3 },
  g2: { all: 0, ofUser: 3 },
  g3: { all: 5, ofUser: 0 },
};
/** The other bounds of the queues: each is met now and then. */
export const QUEUES: QueueBounds = {
  maxQueued: 6,
  maxQueuedInGroup: 4,
  maxQueuedOfUser: 2,
  maxBytes: 15,
  maxBytesInGroup: 12,
  maxBytesOfUser: 9,
};

/** Short, so that a few steps of at most 40 ms see the end of most. */
const TIMES: AdmissionTimes = {
  takenMs: 30,
  unpolledMs: 30,
  underWayMs: 30,
  reservedMs: 50,
  rememberedMs: 300,
  claimMs: 15,
  pickUpMs: 6,
  presentMs: 5,
  mostPresentMs: 9,
  storedPresenceMs: 14,
  resumeMs: 8,
  pauseMs: 4,
  forgetMs: 200,
  keepMs: 400,
  orphanedMs: 20,
};

/** What stays the same from beginning to end. */
export type Circumstances = {
  fairShare: boolean;
  /** The most one user may run in each group; 0 means no limit. */
  perUser: number;
  queuesWhenUnavailable: boolean;
  /** After so long g1 and g2 spill over to each other, and g3 to g1; undefined: they do not. */
  spillOverAfterMs: number | undefined;
};

/** What a cluster answered to a POST. */
export type Posted = { queryId: string; backendId: string };

/** A client with one statement, as the world sees it. */
export type Client = {
  submissionId: string;
  /** POSTs that clusters have answered, whoever received the answer. */
  posted: Posted[];
  /** The one that the client has received. */
  given?: Posted | undefined;
  temporaryId?: string | undefined;
  /** Assignments that a router has begun and not ended; they may arrive late. */
  late: { claimId: string; queryId: string; failed: boolean }[];
  polled: boolean;
  over: boolean;
};

/** The world around the admission: clients, clusters, time. */
export type World = {
  circumstances: Circumstances;
  admission: Admission;
  /** The limit of each backend. */
  max: Map<string, number>;
  available: Map<string, boolean>;
  clients: Client[];
  /** Queries that clusters run, with their backends. */
  running: Map<string, string>;
  /** Submissions beyond the limits, because they never wait. */
  exempt: Set<string>;
  /** Leases by backend at the last check. */
  leasedBefore: Map<string, number>;
  /** No slots were offered since something changed: one may be free although a waiter could have it. */
  offersPending: boolean;
  /** A number that was not drawn before. */
  draw(): number;
};

/** Without clients; every backend is available and has two slots. */
export function createWorld(circumstances: Circumstances): World {
  const max = new Map(BACKENDS.map((id) => [id, 2]));
  const available = new Map(BACKENDS.map((id) => [id, true]));
  let drawn = 0;
  const draw = () => drawn++;
  return {
    circumstances,
    admission: {
      state: createAdmissionState(),
      limits: limitsOf({
        maxOnBackend: (id) => max.get(id) ?? 0,
        queues: QUEUES,
        group: (id) => groupOf(id, circumstances),
        isAvailable: (id) => available.get(id) ?? false,
      }),
      times: TIMES,
      now: 1_000,
      servedSince: 0,
      expectedUntil: () => undefined,
      newClaimId: () => `claim-${draw()}`,
    },
    max,
    available,
    clients: [],
    running: new Map(),
    exempt: new Set(),
    leasedBefore: new Map(),
    offersPending: false,
    draw,
  };
}

const SPILL_OVER: Record<string, string> = { g1: 'g2', g2: 'g1', g3: 'g1' };

function groupOf(
  id: string,
  { fairShare, perUser, queuesWhenUnavailable, spillOverAfterMs: afterMs }: Circumstances,
): GroupLimits | undefined {
  return (
    GROUPS[id] && {
      backendIds: GROUPS[id],
      maxOnEachBackend: id === 'g1' ? 2 : 0,
      maxRunningOfUser: perUser,
      maxQueued: MOST_QUEUED[id]?.all ?? 0,
      maxQueuedOfUser: MOST_QUEUED[id]?.ofUser ?? 0,
      maxWaitMs: 0,
      fairShare,
      queuesWhenUnavailable,
      spillOver: afterMs === undefined ? undefined : { groupId: SPILL_OVER[id] ?? '', afterMs },
    }
  );
}
