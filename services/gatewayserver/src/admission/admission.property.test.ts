import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Admission, activate, admit, giveTurns, handOut, settle } from './admission.ts';
import { createAdmissionState } from './admission-state.ts';
import { expire } from './expiry.ts';
import type { GroupLimits, Limits } from './limits.ts';
import { absent, end, enqueue, giveBack, handOver, moveToFront, seen } from './queue.ts';
import { freeBackends } from './slots.ts';
import type { Waiter } from './state.ts';

const BACKENDS = ['b1', 'b2', 'b3'];
const GROUPS: Record<string, string[]> = { g1: ['b1', 'b2'], g2: ['b2', 'b3'], g3: ['b3'] };
const USERS = ['ann', 'bob', 'cid'];
const TIMES = { takenMs: 30, unpolledMs: 30, lapsedMs: 300, claimMs: 15, presentMs: 5, forgetMs: 200, keepMs: 400 };

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
  late: { claimId: string; queryId: string }[];
  polled: boolean;
  over: boolean;
};

type Command =
  | { kind: 'submit'; group: number; user: number; neverWaits: boolean; priority: number }
  | { kind: 'handOut' | 'late' | 'poll' | 'finish' | 'cancel' | 'hangUp' | 'front'; client: number }
  | { kind: 'turn'; client: number; outcome: 'taken' | 'failed' | 'unauthenticated' | 'crash' | 'twice' }
  | { kind: 'pass'; ms: number }
  | { kind: 'limit'; backend: number; max: number }
  | { kind: 'available'; backend: number; is: boolean }
  | { kind: 'hold'; group: number; is: boolean };

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
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), client }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('poll' as const), client }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('finish' as const), client }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'hangUp' as const, 'front' as const), client }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      client,
      outcome: fc.constantFrom('taken', 'taken', 'taken', 'failed', 'unauthenticated', 'crash', 'twice'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      backend: fc.nat(2),
      max: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('available' as const), backend: fc.nat(2), is: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), group: fc.nat(2), is: fc.boolean() }) },
);

/** The world around the admission: clients, clusters, time. Checks after every step what must always hold. */
function world(fairShare: boolean, perUser: number) {
  const state = createAdmissionState();
  const max = new Map(BACKENDS.map((id) => [id, 2]));
  const available = new Map(BACKENDS.map((id) => [id, true]));
  const held = new Set<string>();
  const group = (id: string): GroupLimits | undefined =>
    GROUPS[id] && {
      backendIds: GROUPS[id],
      maxOnEachBackend: id === 'g1' ? 2 : 0,
      maxRunningOfUser: perUser,
      maxQueued: 0,
      maxQueuedOfUser: 0,
      maxWaitMs: 0,
      fairShare,
      queuesWhenUnavailable: true,
      held: held.has(id),
    };
  const limits: Limits = {
    maxOnBackend: (id) => max.get(id) ?? 0,
    group,
    groupsOf: (id) => Object.keys(GROUPS).filter((name) => GROUPS[name]?.includes(id)),
    isAvailable: (id) => available.get(id) ?? false,
    choose: (_, ids) => ids[0] ?? '',
  };
  let drawn = 0;
  const admission: Admission = { state, limits, times: TIMES, now: 1_000, newClaimId: () => `claim-${drawn++}` };
  const clients: Client[] = [];
  /** Queries the clusters run: polled and not over. */
  const running = new Map<string, { backendId: string; client: Client }>();
  /** How many may run on a backend: a lowered limit ends nobody, what never waits comes on top. */
  const allowed = new Map<string, number>();
  let places = 0;

  const post = (one: Client, backendId: string) => {
    const answer = { queryId: `q${drawn++}`, backendId };
    one.posted.push(answer);
    return answer;
  };
  const activateGiven = (one: Client) => {
    if (!one.given || one.over) return;
    if (one.polled) return;
    if (!activate(admission, one.given.queryId, one.given.backendId)) return;
    one.polled = true;
    running.set(one.given.queryId, { backendId: one.given.backendId, client: one });
  };
  const started: Waiter[] = [];
  const dispatch = () => {
    const before = [...state.waiters()].filter(({ phase }) => phase === 'QUEUED');
    const turns = giveTurns(admission);
    for (const turn of turns) {
      started.push(turn);
      expect(turn.presentUntil).toBeGreaterThan(admission.now);
      checkOrder(turn, before);
    }
  };
  /** Nobody present of the same group, user and priority who could have gone was passed over. */
  const checkOrder = (turn: Waiter, before: readonly Waiter[]) => {
    const overtaken = before.filter(
      (other) =>
        other.groupId === turn.groupId &&
        other.user === turn.user &&
        other.priority >= turn.priority &&
        other.place < turn.place &&
        other.presentUntil > admission.now &&
        state.waiter(other.id)?.phase === 'QUEUED' &&
        !other.failedBackendIds.includes(turn.claim?.backendId ?? ''),
    );
    expect(overtaken.map(({ id }) => id)).toEqual([]);
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
      const applicant = { submissionId: one.submissionId, groupId, user, failedBackendIds: [], neverWaits };
      const waitingBefore = [...state.waiters()].filter(({ phase }) => phase === 'QUEUED');
      const answer = admit(admission, applicant);
      for (const waiter of waitingBefore) {
        const now = state.waiter(waiter.id);
        if (now?.phase === 'CLAIMED') started.push(now);
      }
      if (answer.kind === 'lease') {
        if (neverWaits) allowed.set(answer.lease.backendId, (allowed.get(answer.lease.backendId) ?? 0) + 1);
        else {
          // A newcomer never goes before somebody present who could have had the slot.
          const could = [...state.waiters()].filter(
            (waiter) =>
              waiter.phase === 'QUEUED' &&
              waiter.presentUntil > admission.now &&
              freeBackends(state, limits, waiter.groupId, waiter.user, waiter.failedBackendIds).length > 0,
          );
          expect(could).toEqual([]);
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
        };
        enqueue(admission, newcomer, places++);
        dispatch();
      }
      return;
    }
    if (step.kind === 'pass') {
      admission.now += step.ms;
      expire(admission);
      dispatch();
      return;
    }
    if (step.kind === 'limit') {
      const id = BACKENDS[step.backend] ?? 'b1';
      max.set(id, step.max);
      dispatch();
      return;
    }
    if (step.kind === 'available') {
      available.set(BACKENDS[step.backend] ?? 'b1', step.is);
      dispatch();
      return;
    }
    if (step.kind === 'hold') {
      const id = Object.keys(GROUPS)[step.group] ?? 'g1';
      if (step.is) held.add(id);
      else held.delete(id);
      dispatch();
      return;
    }
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
          const found = seen(admission, one.temporaryId, 'r1', 10);
          if (found?.phase === 'HANDED_OVER') one.given = one.posted.find(({ queryId }) => queryId === found.queryId);
          dispatch();
        }
        return;
      case 'turn': {
        if (waiter?.phase !== 'CLAIMED' || !waiter.claim) return;
        const { id: claimId, backendId } = waiter.claim;
        if (step.outcome === 'crash') {
          // Taken by the cluster, but whoever did it went silent: dead, or only slow.
          one.late.push({ claimId, queryId: post(one, backendId).queryId });
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
        expect(taken).toHaveLength(1); // two that hand over at once: one wins
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
        const { claimId, queryId } = one.late.shift() ?? {};
        if (!waiter || claimId === undefined || queryId === undefined) return;
        const isHeld = waiter.phase === 'CLAIMED' && waiter.claim?.id === claimId;
        expect(handOver(admission, waiter.id, claimId, queryId)).toBe(isHeld);
        return;
      }
      case 'cancel':
        if (waiter && end(admission, waiter.id, 'USER_CANCELED')) one.over = true;
        dispatch();
        return;
      case 'hangUp':
        if (waiter) absent(admission, waiter.id);
        return;
      case 'front':
        if (waiter) moveToFront(admission, waiter.id);
        return;
    }
  };

  const check = () => {
    for (const backendId of BACKENDS) {
      const runs = [...running.values()].filter((one) => one.backendId === backendId).length;
      const counted = state.onBackend(backendId);
      expect(runs).toBeLessThanOrEqual(counted); // what runs holds a lease
      const exempt = [...state.leases()].filter(
        ({ id, backendId: on }) =>
          on === backendId && clients.find(({ submissionId }) => submissionId === id)?.neverWaits,
      ).length;
      // Over a lowered limit nobody new starts: it only falls.
      const most = Math.max(max.get(backendId) ?? 0, Math.min(allowed.get(`top ${backendId}`) ?? 0, counted - exempt));
      expect(counted - exempt).toBeLessThanOrEqual(most);
      allowed.set(`top ${backendId}`, counted - exempt);
    }
    if (perUser > 0)
      for (const groupId of Object.keys(GROUPS))
        for (const user of USERS) {
          const exempt = [...state.leases()].filter(
            ({ id, groupId: of, user: who }) =>
              of === groupId && who === user && clients.find(({ submissionId }) => submissionId === id)?.neverWaits,
          ).length;
          expect(state.ofUser(groupId, user) - exempt).toBeLessThanOrEqual(perUser);
        }
    for (const waiter of state.waiters())
      if (waiter.phase === 'QUEUED' && waiter.presentUntil > admission.now)
        expect(freeBackends(state, limits, waiter.groupId, waiter.user, waiter.failedBackendIds)).toEqual([]); // no slot idles while somebody present may have it
    for (const one of clients) {
      const activated = one.posted.filter(({ queryId }) => running.has(queryId));
      expect(activated.length).toBeLessThanOrEqual(1); // one statement, one run
    }
  };

  /** Everybody polls and finishes: in the end nothing is left. */
  const drain = () => {
    held.clear();
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
      act({ kind: 'pass', ms: 3 });
      check();
    }
    expect(isWaiting()).toBe(false);
    while (clients.some((one) => canAct('finish', one))) act({ kind: 'finish', client: 0 });
    for (let times = 0; times < 60; times++) act({ kind: 'pass', ms: 40 });
    expect([...state.leases()]).toEqual([]);
    expect([...state.waiters()]).toEqual([]);
    expect(BACKENDS.map(state.onBackend)).toEqual([0, 0, 0]);
  };
  return { act, check, drain };
}

test('over the limit, twice, out of order, or idle while somebody waits: nothing of it, whatever happens (property)', () => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 40, maxLength: 160 }),
      fc.boolean(),
      fc.constantFrom(0, 1, 2),
      (steps, fairShare, perUser) => {
        const { act, check, drain } = world(fairShare, perUser);
        for (const step of steps) {
          act(step);
          check();
        }
        drain();
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 500) },
  );
}, 240_000);
