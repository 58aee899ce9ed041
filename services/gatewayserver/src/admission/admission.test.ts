import { expect, test } from '@jest/globals';
import { groupWithoutLimits } from '../../tests/group-without-limits.ts';
import { type Admission, type Applicant, activate, admit, giveTurns, handOut, lapse, settle } from './admission.ts';
import { createAdmissionState } from './admission-state.ts';
import { expire } from './expiry.ts';
import type { GroupLimits } from './limits.ts';
import { end, enqueue, giveBack, handOver, moveToFront, seen } from './queue.ts';
import { ADMISSION_TIMES } from './times.ts';

/** One backend `b` with one slot, and what a test says otherwise. */
function admissionOf(
  limits: Partial<GroupLimits> & { max?: number; away?: string[]; groups?: string[]; known?: string[] } = {},
): Admission {
  const { max = 1, away = [], groups = ['g'], known, ...own } = limits;
  const group: GroupLimits = { ...groupWithoutLimits(['b']), ...own };
  let drawn = 0;
  return {
    state: createAdmissionState(),
    limits: {
      isKnown: (id) => known?.includes(id) ?? true,
      foreignOn: () => 0,
      maxOnBackend: () => max,
      group: (id) => (groups.includes(id) ? group : undefined),
      isAvailable: (id) => !away.includes(id),
      choose: (_, ids) => ids[0] ?? '',
    },
    times: ADMISSION_TIMES,
    now: 1_000_000,
    servedSince: 0,
    newClaimId: () => `c${drawn++}`,
  };
}

/** Who starts, one after the other, when slots are added and nobody ends. */
function startsOf(admission: Admission, most: number): string[] {
  const started: string[] = [];
  for (let max = 1; max <= most; max++) {
    admission.limits = { ...admission.limits, maxOnBackend: () => max };
    giveTurns(admission);
    for (const { id, phase } of admission.state.waiters())
      if (phase === 'CLAIMED' && !started.includes(id)) started.push(id);
  }
  return started;
}

const applicant = (submissionId: string, more: Partial<Applicant> = {}): Applicant => ({
  submissionId,
  groupId: 'g',
  user: 'ann',
  failedBackendIds: [],
  avoidedBackendIds: [],
  neverWaits: false,
  ...more,
});
type Arrival = { user?: string | undefined; priority?: number; groupId?: string };
const queue = (admission: Admission, id: string, { user = 'ann', ...more }: Arrival = {}) =>
  enqueue(admission, {
    id,
    groupId: 'g',
    priority: 0,
    user,
    source: '',
    submissionId: `s${id}`,
    secretHash: '',
    ...more,
  });
const runs = (admission: Admission, submissionId: string) => {
  expect(admit(admission, applicant(submissionId)).kind).toBe('lease');
  expect(handOut(admission, submissionId, `q${submissionId}`)).toBe(true);
  expect(activate(admission, { queryId: `q${submissionId}`, backendId: 'b', neverWaits: false })).toBe(true);
};
const phase = (admission: Admission, id: string) => admission.state.waiter(id)?.phase;

test('a slow first poll is not turned away for ever because others always wait, and keeps no slot it does not fetch', () => {
  const admission = admissionOf();
  const first = { queryId: 'q1', backendId: 'b', neverWaits: false };
  admit(admission, applicant('1'));
  handOut(admission, '1', 'q1');
  admission.now += ADMISSION_TIMES.unpolledMs;
  expire(admission);
  runs(admission, '2');
  queue(admission, 'w');
  expect(activate(admission, first)).toBe(false);
  settle(admission, ['q2']);
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  expect(activate(admission, first)).toBe(true);

  settle(admission, ['q1']);
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('a slow first poll that does not come again keeps nobody from its slot', () => {
  const admission = admissionOf();
  admit(admission, applicant('1'));
  handOut(admission, '1', 'q1');
  admission.now += ADMISSION_TIMES.unpolledMs;
  expire(admission);
  runs(admission, '2');
  expect(activate(admission, { queryId: 'q1', backendId: 'b', neverWaits: false })).toBe(false);
  settle(admission, ['q2']);
  giveTurns(admission);
  expect(admit(admission, applicant('3')).kind).toBe('wait');
  admission.now += ADMISSION_TIMES.wantedMs;
  expire(admission);
  expect(admit(admission, applicant('3')).kind).toBe('lease');
  expect(activate(admission, { queryId: 'q1', backendId: 'b', neverWaits: false })).toBe(false);
});

test('a first poll that is repeated after the end takes no slot for a query that is over', () => {
  const admission = admissionOf();
  runs(admission, '1');
  expect(settle(admission, ['q1'])).toBe(1);
  expect(settle(admission, ['q1', 'unknown'])).toBe(0);
  expect(activate(admission, { queryId: 'q1', backendId: 'b', neverWaits: false })).toBe(true);
  expect(admission.state.onBackend('b')).toBe(0);
});

test('a query its cluster does not know loses its slot while its first poll is on its way, or begins without one later', () => {
  const admission = admissionOf();
  const again = { queryId: 'q1', backendId: 'b', neverWaits: false };
  runs(admission, '1');
  admission.now += ADMISSION_TIMES.underWayMs - 1;
  expect(lapse(admission, ['q1', 'never was'])).toBe(0);
  expect(activate(admission, again)).toBe(true);
  admission.now += ADMISSION_TIMES.underWayMs - 1;
  expect(lapse(admission, ['q1'])).toBe(0);
  admission.now += 1;
  expect(lapse(admission, ['q1', 'q1'])).toBe(1);
  runs(admission, '2');
  expect(activate(admission, again)).toBe(false);
  settle(admission, ['q2']);
  expect(activate(admission, again)).toBe(true);
  expect(admission.state.onBackend('b')).toBe(1);
});

test('a query polled too late needs a slot anew, after whoever waits', () => {
  const admission = admissionOf();
  admit(admission, applicant('1'));
  handOut(admission, '1', 'q1');
  admission.now += ADMISSION_TIMES.unpolledMs;
  expire(admission);
  expect(admission.state.onBackend('b')).toBe(0);
  queue(admission, 'w');
  const late = { queryId: 'q1', backendId: 'b', neverWaits: false };
  expect(activate(admission, late)).toBe(false);
  expect(phase(admission, 'w')).toBe('CLAIMED');
  end(admission, 'w', 'USER_CANCELED');
  expect(activate(admission, late)).toBe(true);
  expect(admission.state.lease('1')?.phase).toBe('RUNNING');
});

test('statements inside a transaction start on a full cluster, and count', () => {
  const admission = admissionOf();
  runs(admission, '1');
  expect(activate(admission, { queryId: 'commit', backendId: 'b', neverWaits: true })).toBe(true);
  expect(admission.state.onBackend('b')).toBe(2);
});

test('polls of ids that never were take at most the free slots of a limited backend, and nothing elsewhere', () => {
  const poll = (admission: Admission, id: string) =>
    activate(admission, { queryId: id, backendId: 'b', neverWaits: false });
  const limited = admissionOf({ max: 2 });
  expect(['x', 'y', 'z'].map((id) => poll(limited, id))).toEqual([true, true, false]);
  expect([...limited.state.leases()]).toHaveLength(2);
  const unlimited = admissionOf({ max: 0, maxOnEachBackend: 1 });
  expect(['x', 'y', 'z'].map((id) => poll(unlimited, id))).toEqual([true, true, true]);
  expect([...unlimited.state.leases()]).toEqual([]);
});

test('a running query keeps its slot, whatever a repeated question excludes', () => {
  const admission = admissionOf();
  runs(admission, '1');
  expect(admit(admission, applicant('1', { failedBackendIds: ['b'] })).kind).toBe('lease');
  expect(admission.state.onBackend('b')).toBe(1);
});

test('a backend just seen failing is taken only when no other has a slot', () => {
  const admission = admissionOf({ backendIds: ['a', 'b'] });
  const avoiding = { avoidedBackendIds: ['a'] };
  expect(admit(admission, applicant('1', avoiding))).toMatchObject({ lease: { backendId: 'b' } });
  expect(admit(admission, applicant('2', avoiding))).toMatchObject({ lease: { backendId: 'a' } });
  expect(admit(admission, applicant('3', avoiding))).toEqual({ kind: 'wait' });
});

test('with no available backend a group queues or refuses, as it is told; what never waits is refused', () => {
  const kind = (queuesWhenUnavailable: boolean, neverWaits = false) =>
    admit(admissionOf({ away: ['b'], queuesWhenUnavailable }), applicant('1', { neverWaits })).kind;
  expect([kind(true), kind(false), kind(true, true)]).toEqual(['wait', 'nobody', 'nobody']);
});

test('who is refused by every backend pauses instead of going round in circles', () => {
  const admission = admissionOf({ backendIds: ['a', 'b'] });
  queue(admission, 'w');
  const refused: (string | undefined)[] = [];
  for (let turn = 0; turn < 2; turn++) {
    giveTurns(admission);
    const claim = admission.state.waiter('w')?.claim;
    refused.push(claim?.backendId);
    expect(giveBack(admission, 'w', claim?.id ?? '', 'failed')).toBe(true);
  }
  expect(refused).toEqual(['a', 'b']);
  seen(admission, 'w', 5_000);
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  admission.now += ADMISSION_TIMES.pauseMs;
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('refused credentials cost no place: the next poll brings newer ones', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  giveTurns(admission);
  giveBack(admission, 'w', 'c0', 'unauthenticated');
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  seen(admission, 'w', 1_000);
  giveTurns(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('an answer is accepted once, for its own claim, and again when it is repeated', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  giveTurns(admission);
  expect(handOver(admission, 'w', 'another', 'q1')).toBe(false);
  expect(handOver(admission, 'w', 'c0', 'q1')).toBe(true);
  expect(handOver(admission, 'w', 'c0', 'q1')).toBe(true);
  expect(handOver(admission, 'w', 'c0', 'q2')).toBe(false);
  expect(handOver(admission, 'w', 'another', 'q1')).toBe(false);
});

test('a slot offered between two polls is kept for a moment, and for long once a poll knows of it', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  giveTurns(admission);
  expect(admission.state.waiter('w')?.claim?.until).toBe(admission.now + ADMISSION_TIMES.pickUpMs);
  admission.now += 1_000;
  seen(admission, 'w', 1_000);
  admission.now += ADMISSION_TIMES.pickUpMs;
  expire(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
  admission.now += ADMISSION_TIMES.claimMs - ADMISSION_TIMES.pickUpMs;
  expire(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  expect(admission.state.onBackend('b')).toBe(0);
});

test('a queue takes so many and so many of each user, and says which limit it was', () => {
  const admission = admissionOf({ maxQueued: 3, maxQueuedOfUser: 2 });
  for (const id of ['1', '2']) expect(queue(admission, id).kind).toBe('waits');
  expect(queue(admission, '3')).toMatchObject({ kind: 'full', message: expect.stringContaining('of this user') });
  expect(queue(admission, '4', { user: 'bob' }).kind).toBe('waits');
  expect(queue(admission, '5', { user: 'cid' })).toMatchObject({ message: expect.stringContaining('at most 3') });
  expect(queue(admission, '1').kind).toBe('waits');
});

test.each([
  // Priority and user in the order of arrival; who starts, one after the other
  { fairShare: false, arrivals: ['0 ann', '5 bob', '0 cid', '5 ann'], starts: [1, 3, 0, 2] },
  { fairShare: true, arrivals: ['0 ann', '0 ann', '0 ann', '0 bob'], starts: [0, 3, 1, 2] },
  { fairShare: false, arrivals: ['0 ann', '0 ann', '0 ann', '0 bob'], starts: [0, 1, 2, 3] },
  { fairShare: true, arrivals: ['0 ann', '0 bob', '1 ann', '1 ann'], starts: [2, 3, 1, 0] },
])(
  'priority, then the share of users where it is fair ($fairShare), then arrival: $starts',
  ({ fairShare, arrivals, starts }) => {
    const admission = admissionOf({ fairShare, max: 1 });
    for (const [at, arrival] of arrivals.entries()) {
      const [priority, user] = arrival.split(' ');
      queue(admission, `w${at}`, { user, priority: Number(priority) });
    }
    expect(startsOf(admission, arrivals.length)).toEqual(starts.map((at) => `w${at}`));
  },
);

test('a slot of a backend that two groups share goes to whoever is next over both', () => {
  const admission = admissionOf({ groups: ['g', 'h'], max: 1 });
  queue(admission, 'w1');
  queue(admission, 'w2', { groupId: 'h', priority: 1 });
  queue(admission, 'w3', { groupId: 'h' });
  expect(startsOf(admission, 3)).toEqual(['w2', 'w1', 'w3']);
});

test.each([false, true])('who is moved to the front is next, also where users share fairly (%p)', (fairShare) => {
  const admission = admissionOf({ fairShare, max: 2 });
  runs(admission, '1');
  for (const [id, user] of [
    ['w1', 'bob'],
    ['w2', 'ann'],
  ] as const)
    queue(admission, id, { user });
  expect(moveToFront(admission, 'w2')).toBeDefined();
  expect(moveToFront(admission, 'nobody')).toBeUndefined();
  giveTurns(admission);
  expect([phase(admission, 'w1'), phase(admission, 'w2')]).toEqual(['QUEUED', 'CLAIMED']);
});

test('time ends waits: nobody polls, too long, in a group that is gone; silence of our own counts for nothing', () => {
  const endedBy = (limits: Parameters<typeof admissionOf>[0], ms: number, servedSince = 0) => {
    const admission = admissionOf({ max: 1, ...limits });
    queue(admission, 'w');
    admission.now += ms;
    admission.servedSince = servedSince;
    expire(admission);
    return admission.state.waiter('w')?.endedBy;
  };
  expect(endedBy({}, ADMISSION_TIMES.forgetMs - 1)).toBe('');
  expect(endedBy({}, ADMISSION_TIMES.forgetMs)).toBe('ABANDONED_QUERY');
  expect(endedBy({}, ADMISSION_TIMES.forgetMs, 1_100_000)).toBe('');
  expect(endedBy({ maxWaitMs: 5_000 }, 4_999)).toBe('');
  expect(endedBy({ maxWaitMs: 5_000 }, 5_000)).toBe('EXCEEDED_TIME_LIMIT');
  expect(endedBy({ groups: [] }, ADMISSION_TIMES.strayMs - 1)).toBe('');
  expect(endedBy({ groups: [] }, ADMISSION_TIMES.strayMs)).toBe('QUERY_REJECTED');
});

test('the id a client saw first leads to its query as long as that runs, also for hours', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  giveTurns(admission);
  handOver(admission, 'w', 'c0', 'q');
  activate(admission, { queryId: 'q', backendId: 'b', neverWaits: false });
  admission.now += 10 * ADMISSION_TIMES.keepMs;
  expire(admission);
  expect(admission.state.waiter('w')).toMatchObject({ phase: 'HANDED_OVER', queryId: 'q' });
  settle(admission, ['q']);
  expire(admission);
  expect(phase(admission, 'w')).toBe('HANDED_OVER');
  for (let times = 0; times < 2; times++) {
    admission.now += ADMISSION_TIMES.lapsedMs;
    expire(admission);
  }
  expect(phase(admission, 'w')).toBeUndefined();
});

test('at a high rate what is over fills the memory, or the id of a query that runs is forgotten for it', () => {
  const admission = admissionOf({ max: 10 });
  for (const id of ['runs', 'over1', 'over2', 'over3']) {
    queue(admission, id);
    giveTurns(admission);
    handOver(admission, id, admission.state.waiter(id)?.claim?.id ?? '', `q-${id}`);
    activate(admission, { queryId: `q-${id}`, backendId: 'b', neverWaits: false });
    if (id !== 'runs') settle(admission, [`q-${id}`]);
  }
  expire(admission, 2);
  expect([...admission.state.leases()].map(({ queryId }) => queryId)).toEqual(['q-runs', 'q-over2', 'q-over3']);
  expect([...admission.state.waiters()].map(({ id }) => id)).toEqual(['runs', 'over3']);
  expect(admission.state.waiterOfQuery('q-runs')?.id).toBe('runs');
  expect(admission.state.waiterOfQuery('q-over1')).toBeUndefined();
});

test('what runs on a backend that was deleted is left alone, and its slot does not stay for ever', () => {
  const known = ['b'];
  const admission = admissionOf({ max: 0, maxRunningOfUser: 1, known });
  runs(admission, '1');
  admission.now += ADMISSION_TIMES.strayMs;
  expire(admission);
  expect(admission.state.lease('1')?.phase).toBe('RUNNING');
  known.pop();
  expire(admission);
  expect(admission.state.ofUser('g', 'ann')).toBe(0);
  expect(activate(admission, { queryId: 'q1', backendId: 'b', neverWaits: false })).toBe(true);
  admission.now += ADMISSION_TIMES.lapsedMs;
  expire(admission);
  expect([...admission.state.leases()]).toEqual([]);
});

test('what an attempt that failed has changed is undone whole', () => {
  const admission = admissionOf({ max: 2 });
  runs(admission, '1');
  queue(admission, 'w');
  admission.state.journal.clear();
  const look = () => ({
    leases: [...admission.state.leases()],
    waiters: [...admission.state.waiters()],
    queue: [...admission.state.queue('g')],
    counts: [admission.state.onBackend('b'), admission.state.ofUser('g', 'ann'), admission.state.waitingInGroup('g')],
    held: admission.state.isHeld('g'),
  });
  const before = look();
  giveTurns(admission);
  settle(admission, ['q1']);
  queue(admission, 'x');
  admission.state.setHeld('g', true);
  admission.state.deleteWaiter('w');
  expect(look()).not.toEqual(before);
  admission.state.undo();
  expect(look()).toEqual(before);
});
