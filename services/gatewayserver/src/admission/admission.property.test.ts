import { test } from '@jest/globals';
import fc from 'fast-check';
import { type Admission, activate, admit, giveTurns, handOut, settle } from './admission.ts';
import { createAdmissionState } from './admission-state.ts';
import { expire } from './expiry.ts';
import type { GroupLimits, Limits } from './limits.ts';
import { end, enqueue, giveBack, handOver, leave, loseHold, moveToFront, seen } from './queue.ts';
import { freeBackends } from './slots.ts';
import type { Waiter } from './state.ts';

const BACKENDS = ['b1', 'b2', 'b3'];
const GROUPS: Record<string, string[]> = { g1: ['b1', 'b2'], g2: ['b2', 'b3'], g3: ['b3'] };
const USERS = ['ann', 'bob', 'cid'];
const MOST_QUEUED = 12;
const MOST_QUEUED_OF_USER = 6;
const TIMES = {
  takenMs: 30,
  unpolledMs: 30,
  underWayMs: 30,
  wantedMs: 50,
  lapsedMs: 300,
  claimMs: 15,
  pickUpMs: 6,
  presentMs: 5,
  resumeMs: 8,
  pauseMs: 4,
  forgetMs: 200,
  keepMs: 400,
  strayMs: 20,
};

/** A client with one statement, as the world sees it. */
type Client = {
  submissionId: string;
  groupId: string;
  user: string;
  neverWaits: boolean;
  /** POSTs the clusters answered, whoever got the answer. */
  posted: { queryId: string; backendId: string }[];
  /** The one the client was given. */
  given?: { queryId: string; backendId: string } | undefined;
  temporaryId?: string | undefined;
  /** Hand-overs that somebody began and went silent over; they may come late. */
  late: { claimId: string; queryId: string; failed: boolean }[];
  polled: boolean;
  over: boolean;
};

type Command =
  | { kind: 'submit'; group: number; user: number; neverWaits: boolean; priority: number }
  | { kind: 'handOut' | 'late' | 'poll' | 'finish' | 'cancel' | 'hangUp' | 'front'; client: number }
  | { kind: 'routerGone'; client: number; late: boolean }
  | { kind: 'turn'; client: number; outcome: 'taken' | 'failed' | 'unauthenticated' | 'crash' | 'twice' }
  | { kind: 'pass'; ms: number; looked: boolean }
  | { kind: 'limit'; backend: number; max: number; looked: boolean }
  | { kind: 'available'; backend: number; is: boolean; looked: boolean }
  | { kind: 'hold'; group: number; is: boolean; looked: boolean };

const client = fc.nat(40);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      group: fc.nat(2),
      user: fc.nat(2),
      neverWaits: fc.boolean().map((is) => is),
      priority: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('handOut' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('late' as const), client }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('poll' as const), client }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('finish' as const), client }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'hangUp' as const, 'front' as const), client }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('routerGone' as const), client, late: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      client,
      outcome: fc.constantFrom('taken', 'taken', 'taken', 'failed', 'unauthenticated', 'crash', 'twice'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(40), looked: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      backend: fc.nat(2),
      max: fc.integer({ min: 1, max: 3 }),
      looked: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('available' as const),
      backend: fc.nat(2),
      is: fc.boolean(),
      looked: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      group: fc.nat(2),
      is: fc.boolean(),
      looked: fc.boolean(),
    }),
  },
);

/** The world around the admission: clients, clusters, time. Checks after every step what must always hold. */
function world(fairShare: boolean, perUser: number, queuesWhenUnavailable: boolean) {
  const state = createAdmissionState();
  const max = new Map(BACKENDS.map((id) => [id, 2]));
  const available = new Map(BACKENDS.map((id) => [id, true]));
  const group = (id: string): GroupLimits | undefined =>
    GROUPS[id] && {
      backendIds: GROUPS[id],
      maxOnEachBackend: id === 'g1' ? 2 : 0,
      maxRunningOfUser: perUser,
      maxQueued: MOST_QUEUED,
      maxQueuedOfUser: MOST_QUEUED_OF_USER,
      maxWaitMs: 0,
      fairShare,
      queuesWhenUnavailable,
    };
  const limits: Limits = {
    isKnown: () => true,
    foreignOn: () => 0,
    maxOnBackend: (id) => max.get(id) ?? 0,
    group,
    isAvailable: (id) => available.get(id) ?? false,
    choose: (_, ids) => ids[0] ?? '',
  };
  let drawn = 0;
  const admission: Admission = {
    state,
    limits,
    times: TIMES,
    now: 1_000,
    servedSince: 0,
    newClaimId: () => `claim-${drawn++}`,
  };
  const clients: Client[] = [];
  /** Queries the clusters run: polled and not over. */
  const running = new Map<string, { backendId: string; client: Client }>();
  /** Submissions that came on top of the limits, because they never wait. */
  const exempt = new Set<string>();
  /** Leases by backend at the last check. */
  const before = new Map<string, number>();
  /** Nobody has looked since something changed: a slot may be free though somebody waits for it. */
  let unlooked = false;

  const post = (one: Client, backendId: string) => {
    const answer = { queryId: `q${drawn++}`, backendId };
    one.posted.push(answer);
    return answer;
  };
  const activateGiven = (one: Client) => {
    if (!one.given || one.over) return;
    if (one.polled) return;
    if (!activate(admission, { ...one.given, neverWaits: false })) return;
    one.polled = true;
    running.set(one.given.queryId, { backendId: one.given.backendId, client: one });
  };
  const queued = () => [...state.waiters()].filter(({ phase }) => phase === 'QUEUED');
  const ready = ({ presentUntil, pausedUntil }: Waiter) => presentUntil > admission.now && pausedUntil <= admission.now;
  const dispatch = () => {
    const before = queued();
    giveTurns(admission);
    unlooked = false;
    for (const one of before) {
      const turn = state.waiter(one.id);
      if (turn?.phase !== 'CLAIMED') continue;
      must(ready(one), 'nobody absent is offered a slot');
      must(!state.isHeld(one.groupId), 'nobody of a held group is started');
      checkOrder(turn, before);
    }
  };
  const look = ({ looked }: { looked: boolean }) => {
    if (looked) dispatch();
    else unlooked = true;
  };
  /** Nobody present of the same group, user and priority who could have gone was passed over. */
  const checkOrder = (turn: Waiter, before: readonly Waiter[]) => {
    const overtaken = before.filter(
      (other) =>
        other.groupId === turn.groupId &&
        other.user === turn.user &&
        other.priority >= turn.priority &&
        other.place < turn.place &&
        ready(other) &&
        state.waiter(other.id)?.phase === 'QUEUED' &&
        !other.failedBackendIds.includes(turn.claim?.backendId ?? ''),
    );
    must(overtaken.length === 0, 'nobody present is overtaken by the same user');
    if (!fairShare) return;
    const poorer = before.filter(
      (other) =>
        other.groupId === turn.groupId &&
        other.priority >= turn.priority &&
        ready(other) &&
        state.waiter(other.id)?.phase === 'QUEUED' &&
        !other.failedBackendIds.includes(turn.claim?.backendId ?? '') &&
        state.ofUser(other.groupId, other.user) + 1 < state.ofUser(turn.groupId, turn.user),
    );
    must(poorer.length === 0, 'nobody goes before a user with fewer running queries');
  };

  /** Who can do it: random choices among all would mostly do nothing. */
  const canAct = (kind: Command['kind'], one: Client): boolean => {
    const waiter = one.temporaryId === undefined ? undefined : state.waiter(one.temporaryId);
    if (kind === 'handOut') return !waiter && one.posted.length > 0 && !one.given;
    if (kind === 'late') return one.late.length > 0;
    if (kind === 'turn') return waiter?.phase === 'CLAIMED';
    if (kind === 'finish') return one.polled && !one.over;
    if (kind === 'poll') return !one.over && !one.polled && (one.given !== undefined || one.temporaryId !== undefined);
    return waiter !== undefined;
  };

  const act = (step: Command) => {
    if (step.kind === 'submit') {
      const groupId = Object.keys(GROUPS)[step.group] ?? 'g1';
      const user = USERS[step.user] ?? 'ann';
      const neverWaits = step.neverWaits && step.priority === 2;
      const one: Client = {
        submissionId: `s${clients.length}`,
        groupId,
        user,
        neverWaits,
        posted: [],
        late: [],
        polled: false,
        over: false,
      };
      clients.push(one);
      const applicant = {
        submissionId: one.submissionId,
        groupId,
        user,
        failedBackendIds: [],
        avoidedBackendIds: [],
        neverWaits,
      };
      const answer = admit(admission, applicant);
      const again = admit(admission, applicant);
      must(
        answer.kind === again.kind &&
          (answer.kind !== 'lease' || again.kind !== 'lease' || answer.lease === again.lease),
        'a repeated question has the same answer',
      );
      must(!neverWaits || answer.kind !== 'wait', 'what never waits does not');
      if (answer.kind === 'lease') {
        if (neverWaits) exempt.add(one.submissionId);
        else if (!unlooked || group(groupId)?.backendIds.some((id) => available.get(id))) {
          // A newcomer never goes before somebody present who could have had the slot.
          const could = queued().filter(
            (waiter) =>
              ready(waiter) &&
              freeBackends(state, limits, waiter.groupId, waiter.user, waiter.failedBackendIds).length > 0,
          );
          must(could.length === 0, 'a newcomer takes no slot that somebody present waits for');
        }
        post(one, answer.lease.backendId);
      } else if (answer.kind === 'wait') {
        one.temporaryId = `t${one.submissionId}`;
        const newcomer = {
          id: one.temporaryId,
          groupId,
          priority: step.priority,
          user,
          submissionId: one.submissionId,
          source: '',
          secretHash: '',
        };
        const taken = enqueue(admission, newcomer);
        must(enqueue(admission, newcomer).kind === taken.kind, 'a repeated enqueue has the same answer');
        if (taken.kind === 'full') one.over = true;
        dispatch();
      }
      return;
    }
    if (step.kind === 'pass') {
      admission.now += step.ms;
      expire(admission);
      look(step);
      return;
    }
    if (step.kind === 'limit') {
      const id = BACKENDS[step.backend] ?? 'b1';
      max.set(id, step.max);
      look(step);
      return;
    }
    if (step.kind === 'available') {
      available.set(BACKENDS[step.backend] ?? 'b1', step.is);
      look(step);
      return;
    }
    if (step.kind === 'hold') {
      const id = Object.keys(GROUPS)[step.group] ?? 'g1';
      state.setHeld(id, step.is);
      look(step);
      return;
    }
    if (!('client' in step)) return;
    const able = clients.filter((one) => canAct(step.kind, one));
    const one = able[step.client % Math.max(able.length, 1)];
    if (!one) return;
    const waiter = one.temporaryId === undefined ? undefined : state.waiter(one.temporaryId);
    switch (step.kind) {
      case 'handOut': {
        const [answer] = one.posted;
        if (
          one.temporaryId === undefined &&
          answer &&
          !one.given &&
          handOut(admission, one.submissionId, answer.queryId)
        )
          one.given = answer;
        return;
      }
      case 'poll':
        if (one.given) activateGiven(one);
        else if (one.temporaryId !== undefined) {
          const found = seen(admission, one.temporaryId, 10);
          if (found?.phase === 'HANDED_OVER') one.given = one.posted.find(({ queryId }) => queryId === found.queryId);
          dispatch();
        }
        return;
      case 'turn': {
        if (waiter?.phase !== 'CLAIMED' || !waiter.claim) return;
        const { id: claimId, backendId } = waiter.claim;
        if (step.outcome === 'crash') {
          // Taken by the cluster, but whoever did it went silent: dead, or only slow.
          one.late.push({ claimId, queryId: post(one, backendId).queryId, failed: step.client % 2 === 0 });
          return;
        }
        if (step.outcome === 'failed' || step.outcome === 'unauthenticated') {
          giveBack(admission, waiter.id, claimId, step.outcome);
          dispatch();
          return;
        }
        const answers =
          step.outcome === 'twice' ? [post(one, backendId), post(one, backendId)] : [post(one, backendId)];
        const taken = answers.filter(({ queryId }) => handOver(admission, waiter.id, claimId, queryId));
        must(taken.length <= 1, 'of two that hand over at once one wins');
        return;
      }
      case 'finish': {
        if (!one.given || !one.polled || one.over) return;
        one.over = true;
        running.delete(one.given.queryId);
        settle(admission, [one.given.queryId]);
        dispatch();
        return;
      }
      case 'late': {
        const { claimId, queryId, failed } = one.late.shift() ?? {};
        if (!waiter || claimId === undefined || queryId === undefined) return;
        const isHeld = waiter.phase === 'CLAIMED' && waiter.claim?.id === claimId;
        if (failed)
          must(giveBack(admission, waiter.id, claimId, 'failed') === isHeld, 'a lost claim gives nothing back');
        else {
          const accepted = handOver(admission, waiter.id, claimId, queryId);
          // With its claim the lease may be over, though nobody has noticed.
          must(isHeld || !accepted, 'a lost claim hands nothing over');
        }
        dispatch();
        return;
      }
      case 'cancel':
        if (waiter && end(admission, waiter.id, 'USER_CANCELED')) one.over = true;
        dispatch();
        return;
      case 'hangUp':
        if (waiter) leave(admission, waiter.id);
        return;
      case 'routerGone':
        if (!waiter) return;
        loseHold(admission, waiter.id, step.late ? waiter.seenAt - 1 : waiter.seenAt);
        must(!step.late || state.waiter(waiter.id) === waiter, 'a poll that came since counts on');
        must(!ready(waiter) || ready(state.waiter(waiter.id) ?? waiter), 'its client has a moment to come again');
        return;
      case 'front':
        if (!waiter || !moveToFront(admission, waiter.id)) return;
        must(state.queue(waiter.groupId)[0]?.id === waiter.id, 'who is moved to the front stands there');
        return;
    }
  };

  /** The leases that count and are not of what never waits, by what a limit is about. */
  const counted = () => {
    const counts = new Map<string, number>();
    for (const { id, phase, backendId, groupId, user } of state.leases()) {
      if (phase === 'LAPSED' || phase === 'SETTLED') continue;
      for (const key of [`all ${backendId}`, `user ${groupId} ${user}`, `member ${groupId} ${backendId}`])
        counts.set(key, (counts.get(key) ?? 0) + 1);
      if (exempt.has(id)) continue;
      for (const key of [backendId, `${groupId} ${user}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
  const check = () => {
    const counts = counted();
    const runs = new Map<string, number>();
    for (const { backendId } of running.values()) runs.set(backendId, (runs.get(backendId) ?? 0) + 1);
    for (const backendId of BACKENDS) {
      const all = counts.get(`all ${backendId}`) ?? 0;
      must(state.onBackend(backendId) === all, 'counts are right');
      must((runs.get(backendId) ?? 0) <= all, 'what runs holds a lease');
      // Over a lowered limit nobody new starts: it only falls.
      const limited = counts.get(backendId) ?? 0;
      must(limited <= Math.max(max.get(backendId) ?? 0, before.get(backendId) ?? 0), 'never over the limit');
      before.set(backendId, limited);
    }
    for (const [groupId, backendIds] of Object.entries(GROUPS)) {
      for (const user of USERS) {
        must(state.ofUser(groupId, user) === (counts.get(`user ${groupId} ${user}`) ?? 0), 'counts of users are right');
        must(perUser === 0 || (counts.get(`${groupId} ${user}`) ?? 0) <= perUser, 'never over the limit of a user');
        must(state.waitingOfUser(groupId, user) <= MOST_QUEUED_OF_USER, 'no user fills the queue');
      }
      for (const id of backendIds)
        must(
          state.inGroupOnBackend(groupId, id) === (counts.get(`member ${groupId} ${id}`) ?? 0),
          'counts of members are right',
        );
      must(state.waitingInGroup(groupId) <= MOST_QUEUED, 'a queue is never longer than it may be');
    }
    for (const waiter of state.waiters()) {
      const lease = state.lease(waiter.submissionId);
      if (waiter.phase === 'QUEUED' || waiter.phase === 'ENDED')
        must(lease === undefined, 'who waits, or has ended, holds no slot');
      if (waiter.phase !== 'QUEUED' || unlooked || !ready(waiter)) continue;
      const free = freeBackends(state, limits, waiter.groupId, waiter.user, waiter.failedBackendIds);
      must(free.length === 0, 'no slot idles while somebody present may have it');
    }
    for (const one of clients)
      must(one.posted.filter(({ queryId }) => running.has(queryId)).length <= 1, 'one statement runs once');
  };

  /** Everybody polls and finishes: in the end nothing is left. */
  const drain = () => {
    for (const id of Object.keys(GROUPS)) state.setHeld(id, false);
    for (const id of BACKENDS) available.set(id, true);
    const isWaiting = () => [...state.waiters()].some(({ phase }) => phase === 'QUEUED' || phase === 'CLAIMED');
    const everybody = (kind: 'handOut' | 'poll' | 'finish') => {
      for (let times = clients.filter((one) => canAct(kind, one)).length; times > 0; times--)
        act({ kind, client: times });
    };
    for (let round = 0; round < 400 && isWaiting(); round++) {
      for (const at of clients.keys()) act({ kind: 'poll', client: at });
      for (const at of clients.keys()) act({ kind: 'turn', client: at, outcome: 'taken' });
      for (const at of clients.keys()) act({ kind: 'poll', client: at });
      for (const kind of ['handOut', 'poll', 'finish'] as const) everybody(kind);
      act({ kind: 'pass', ms: 3, looked: true });
      check();
    }
    must(!isWaiting(), 'everybody who polls has a turn');
    while (clients.some((one) => canAct('finish', one))) act({ kind: 'finish', client: 0 });
    for (let times = 0; times < 60; times++) act({ kind: 'pass', ms: 40, looked: true });
    must([...state.leases()].length === 0, 'no lease outlives its query');
    must([...state.waiters()].length === 0, 'nobody is remembered for ever');
    must(
      BACKENDS.every((id) => state.onBackend(id) === 0),
      'at the end all counts are zero',
    );
  };
  return { act, check, drain };
}

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.RUNS ?? 2_000);

test(`over the limit, twice, out of order, or idle while somebody waits: nothing of it, whatever happens (SEED=${SEED} RUNS=${RUNS})`, () => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 40, maxLength: 160 }),
      fc.boolean(),
      fc.constantFrom(0, 1, 2),
      fc.boolean(),
      (steps, fairShare, perUser, queuesWhenUnavailable) => {
        const { act, check, drain } = world(fairShare, perUser, queuesWhenUnavailable);
        for (const step of steps) {
          act(step);
          check();
        }
        drain();
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
}, 240_000);

function must(holds: boolean | undefined, law: string): void {
  if (!holds) throw new Error(`broken: ${law}`);
}
