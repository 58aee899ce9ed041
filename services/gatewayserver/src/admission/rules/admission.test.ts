import { expect, test } from '@jest/globals';
import { applicant } from '../../../tests/admission/support/arrivals.ts';
import { admissionOf, phase, queue, runs } from '../../../tests/admission/support/pure-admission.ts';
import type { Admission } from './admission.ts';
import { admit } from './admit.ts';
import { expire } from './expiry.ts';
import { activate, confirmLease, expireUnknown, settle } from './lease-phases.ts';
import { offerSlots } from './offer-slots.ts';
import { end } from './queue.ts';
import { ADMISSION_TIMES } from './times.ts';

const first = { queryId: 'q1', backendId: 'b', neverWaits: false };

/** A query whose first poll has not come in time: its slot is free. */
function withLapsed(): Admission {
  const admission = admissionOf();
  admit(admission, applicant('1'));
  confirmLease(admission, '1', 'q1');
  admission.now += ADMISSION_TIMES.unpolledMs;
  expire(admission);
  return admission;
}

test('a slow first poll is given the next free slot, before waiters', () => {
  const admission = withLapsed();
  runs(admission, '2');
  queue(admission, 'w');
  expect(activate(admission, first)).toBe(false);
  settle(admission, ['q2']);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  expect(activate(admission, first)).toBe(true);

  settle(admission, ['q1']);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('a slow first poll that is not repeated leaves the slot to others', () => {
  const admission = withLapsed();
  runs(admission, '2');
  expect(activate(admission, first)).toBe(false);
  settle(admission, ['q2']);
  offerSlots(admission);
  expect(admit(admission, applicant('3')).kind).toBe('wait');
  admission.now += ADMISSION_TIMES.reservedMs;
  expire(admission);
  expect(admit(admission, applicant('3')).kind).toBe('lease');
  expect(activate(admission, first)).toBe(false);
});

test.each([1_000, 12_000])(
  'a slow first poll that is repeated every %i ms is given a slot before waiters, however long it has to ask',
  (pauseMs) => {
    const admission = withLapsed();
    runs(admission, '2');
    const asks = Math.ceil((2 * ADMISSION_TIMES.rememberedMs) / pauseMs);
    for (let asked = 0; asked < asks; asked++) {
      expect(activate(admission, first)).toBe(false);
      admission.now += pauseMs;
      expire(admission);
    }
    expect(activate(admission, first)).toBe(false);
    admission.now += pauseMs / 2;
    queue(admission, 'w');
    settle(admission, ['q2']);
    offerSlots(admission);
    expect(phase(admission, 'w')).toBe('QUEUED');
    admission.now += pauseMs / 2;
    expire(admission);
    offerSlots(admission);
    expect(activate(admission, first)).toBe(true);
  },
);

test('a slow first poll of a client that pauses for hours keeps no slot from others for longer than one that was just handed out', () => {
  const admission = withLapsed();
  runs(admission, '2');
  expect(activate(admission, first)).toBe(false);
  admission.now += ADMISSION_TIMES.rememberedMs - 1;
  expire(admission);
  expect(activate(admission, first)).toBe(false);
  settle(admission, ['q2']);
  offerSlots(admission);
  expect(admit(admission, applicant('3')).kind).toBe('wait');
  admission.now += ADMISSION_TIMES.unpolledMs;
  expire(admission);
  expect(admit(admission, applicant('3')).kind).toBe('lease');
});

test('a first poll repeated after the end of its query takes no slot', () => {
  const admission = admissionOf();
  runs(admission, '1');
  expect(settle(admission, ['q1'])).toBe(1);
  expect(settle(admission, ['q1', 'unknown'])).toBe(0);
  expect(activate(admission, first)).toBe(true);
  expect(admission.state.onBackend('b')).toBe(0);
});

test('a query that is cancelled before its first poll frees its slot, and a late poll needs one anew', () => {
  const admission = admissionOf();
  admit(admission, applicant('1'));
  confirmLease(admission, '1', 'q1');
  queue(admission, 'w');
  expect(expireUnknown(admission, ['q1'])).toBe(1);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
  expect(activate(admission, first)).toBe(false);
});

test('a query unknown to its cluster keeps its slot while its first poll is under way, and needs a new one later', () => {
  const admission = admissionOf();
  runs(admission, '1');
  admission.now += ADMISSION_TIMES.underWayMs - 1;
  expect(expireUnknown(admission, ['q1', 'never was'])).toBe(0);
  expect(activate(admission, first)).toBe(true);
  admission.now += ADMISSION_TIMES.underWayMs - 1;
  expect(expireUnknown(admission, ['q1'])).toBe(0);
  admission.now += 1;
  expect(expireUnknown(admission, ['q1', 'q1'])).toBe(1);
  runs(admission, '2');
  expect(activate(admission, first)).toBe(false);
  settle(admission, ['q2']);
  expect(activate(admission, first)).toBe(true);
  expect(admission.state.onBackend('b')).toBe(1);
});

test('a query polled too late needs a new slot, after the waiters', () => {
  const admission = withLapsed();
  expect(admission.state.onBackend('b')).toBe(0);
  queue(admission, 'w');
  expect(activate(admission, first)).toBe(false);
  expect(phase(admission, 'w')).toBe('CLAIMED');
  end(admission, 'w', 'USER_CANCELED');
  expect(activate(admission, first)).toBe(true);
  expect(admission.state.lease('1')?.phase).toBe('RUNNING');
});

test('statements inside a transaction start on a full cluster, and count against its limit', () => {
  const admission = admissionOf();
  runs(admission, '1');
  expect(activate(admission, { queryId: 'commit', backendId: 'b', neverWaits: true })).toBe(true);
  expect(admission.state.onBackend('b')).toBe(2);
});

test('polls of made-up ids take at most the free slots of a limited backend, and nothing elsewhere', () => {
  const poll = (admission: Admission, id: string) =>
    activate(admission, { queryId: id, backendId: 'b', neverWaits: false });
  const limited = admissionOf({ max: 2 });
  expect(['x', 'y', 'z'].map((id) => poll(limited, id))).toEqual([true, true, false]);
  expect([...limited.state.leases()]).toHaveLength(2);
  const unlimited = admissionOf({ max: 0, maxOnEachBackend: 1 });
  expect(['x', 'y', 'z'].map((id) => poll(unlimited, id))).toEqual([true, true, true]);
  expect([...unlimited.state.leases()]).toEqual([]);
});

test('a running query keeps its slot, whichever backends a repeated call excludes', () => {
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

test('without an available backend a group queues or refuses, as configured; statements that never wait are refused', () => {
  const kind = (queuesWhenUnavailable: boolean, neverWaits = false) =>
    admit(admissionOf({ away: ['b'], queuesWhenUnavailable }), applicant('1', { neverWaits })).kind;
  expect([kind(true), kind(false), kind(true, true)]).toEqual(['wait', 'unavailable', 'unavailable']);
});
