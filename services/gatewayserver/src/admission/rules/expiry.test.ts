import { expect, test } from '@jest/globals';
import { admissionOf, phase, queue, runs } from '../../../tests/admission/support/pure-admission.ts';
import { expire } from './expiry.ts';
import { activate, settle } from './lease-phases.ts';
import { offerSlots } from './offer-slots.ts';
import { assign, end, seen } from './queue.ts';
import { ADMISSION_TIMES } from './times.ts';

test('a slot offered between two polls is reserved for a moment, and for longer once a poll has received it', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  seen(admission, 'w', 100, 20);
  admission.now += 100;
  offerSlots(admission);
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

test('waits end by time: without polls, beyond the limit, in a deleted group; silence during an outage does not count', () => {
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
  expect(endedBy({ groups: [] }, ADMISSION_TIMES.orphanedMs - 1)).toBe('');
  expect(endedBy({ groups: [] }, ADMISSION_TIMES.orphanedMs)).toBe('QUERY_REJECTED');
});

test("a client's own limit ends its wait, whichever of it and the group's is the earlier", () => {
  const message = 'Query exceeded maximum time limit of 5.00s';
  const ended = (leftMs: number, maxWaitMs: number, ms: number) => {
    const admission = admissionOf({ max: 0, away: ['b'], maxWaitMs });
    queue(admission, 'w', { limit: { leftMs, message } });
    admission.now += ms;
    expire(admission);
    const { endedBy, endedMessage } = admission.state.waiter('w') ?? {};
    return [endedBy, endedMessage];
  };
  expect(ended(5_000, 0, 4_999)).toEqual(['', undefined]);
  expect(ended(5_000, 0, 5_000)).toEqual(['EXCEEDED_TIME_LIMIT', message]);
  expect(ended(5_000, 9_000, 5_000)).toEqual(['EXCEEDED_TIME_LIMIT', message]);
  expect(ended(5_000, 3_000, 3_000)).toEqual(['EXCEEDED_TIME_LIMIT', undefined]);
});

test('a limit that is over while a cluster is asked frees the slot, and the answer is thrown away', () => {
  const admission = admissionOf();
  queue(admission, 'w', { limit: { leftMs: 1_000, message: 'over' } });
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
  admission.now += 1_000;
  expire(admission);
  expect(phase(admission, 'w')).toBe('ENDED');
  expect(admission.state.onBackend('b')).toBe(0);
  expect(assign(admission, 'w', 'c0', 'q')).toBe(false);
});

test('no slot is offered to a query whose limit is over', () => {
  const admission = admissionOf();
  queue(admission, 'late', { limit: { leftMs: 1_000, message: 'over' } });
  admission.now += 1_000;
  queue(admission, 'next');
  seen(admission, 'late', 1_000);
  offerSlots(admission);
  expect([phase(admission, 'late'), phase(admission, 'next')]).toEqual(['QUEUED', 'CLAIMED']);
});

test('a temporary id leads to its query as long as that runs, even for hours', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  offerSlots(admission);
  assign(admission, 'w', 'c0', 'q');
  activate(admission, { queryId: 'q', backendId: 'b', neverWaits: false });
  admission.now += 10 * ADMISSION_TIMES.keepMs;
  expire(admission);
  expect(admission.state.waiter('w')).toMatchObject({ phase: 'HANDED_OVER', queryId: 'q' });
  settle(admission, ['q']);
  expire(admission);
  expect(phase(admission, 'w')).toBe('HANDED_OVER');
  for (let times = 0; times < 2; times++) {
    admission.now += ADMISSION_TIMES.rememberedMs;
    expire(admission);
  }
  expect(phase(admission, 'w')).toBeUndefined();
});

test('at a high rate past leases and waiters are bounded, and the id of a running query is still known', () => {
  const admission = admissionOf({ max: 10 });
  for (const id of ['runs', 'over1', 'over2', 'over3']) {
    queue(admission, id);
    offerSlots(admission);
    assign(admission, id, admission.state.waiter(id)?.claim?.id ?? '', `q-${id}`);
    activate(admission, { queryId: `q-${id}`, backendId: 'b', neverWaits: false });
    if (id !== 'runs') settle(admission, [`q-${id}`]);
  }
  expire(admission, 2);
  expect([...admission.state.leases()].map(({ queryId }) => queryId)).toEqual(['q-runs', 'q-over2', 'q-over3']);
  expect([...admission.state.waiters()].map(({ id }) => id)).toEqual(['runs', 'over3']);
  expect(admission.state.waiterOfQuery('q-runs')?.id).toBe('runs');
  expect(admission.state.waiterOfQuery('q-over1')).toBeUndefined();
});

test('the answers of past waiters are bounded in bytes, the latest stay; a waiter that ended without one keeps none', () => {
  const admission = admissionOf({ max: 10 });
  for (const id of ['over1', 'over2', 'over3']) {
    queue(admission, id, { bytes: 1_000 });
    offerSlots(admission);
    assign(admission, id, admission.state.waiter(id)?.claim?.id ?? '', `q-${id}`, 40);
    settle(admission, [`q-${id}`]);
  }
  queue(admission, 'ended', { bytes: 1_000 });
  end(admission, 'ended', 'USER_CANCELED');
  expect(admission.state.pastWaiterBytes()).toBe(120);
  expire(admission, 100, 100);
  expect([...admission.state.waiters()].map(({ id }) => id)).toEqual(['over2', 'over3', 'ended']);
  expect(admission.state.pastWaiterBytes()).toBe(80);
  expect(admission.state.loads.all()).toEqual({ waiters: 0, bytes: 0 });
});

test('a query on a deleted backend goes on, and its slot is released after a while', () => {
  const known = ['b'];
  const admission = admissionOf({ max: 0, maxRunningOfUser: 1, known });
  runs(admission, '1');
  admission.now += ADMISSION_TIMES.orphanedMs;
  expire(admission);
  expect(admission.state.lease('1')?.phase).toBe('RUNNING');
  known.pop();
  expire(admission);
  expect(admission.state.ofUser('g', 'ann')).toBe(0);
  expect(activate(admission, { queryId: 'q1', backendId: 'b', neverWaits: false })).toBe(true);
  admission.now += ADMISSION_TIMES.rememberedMs;
  expire(admission);
  expect([...admission.state.leases()]).toEqual([]);
});
