import { expect, test } from '@jest/globals';
import { applicant } from '../../../tests/admission/support/arrivals.ts';
import { admissionOf, phase, queue } from '../../../tests/admission/support/pure-admission.ts';
import type { Admission } from './admission.ts';
import { admit } from './admit.ts';
import { expire } from './expiry.ts';
import { offerSlots } from './offer-slots.ts';
import { overAt, release, seen } from './queue.ts';
import { ADMISSION_TIMES } from './times.ts';

const away: string[] = [];
/** A group that refuses queries while its backend is away, and lets newcomers wait for 5 s. */
function outage(max = 0): Admission {
  away.splice(0, away.length, 'b');
  const admission = admissionOf({ max, queuesWhenUnavailable: false });
  admission.limits = {
    ...admission.limits,
    isAvailable: (id) => !away.includes(id),
    outageWaitMs: () => 5_000,
    whyNoBackend: (id) => `group ${id} has no available backend (b: it is not healthy)`,
  };
  return admission;
}

test('whoever may wait for an outage to pass waits; others are refused', () => {
  expect(admit(outage(), { ...applicant('w'), waitsOut: true }).kind).toBe('wait');
  expect(admit(outage(), applicant('w')).kind).toBe('unavailable');
});

test('a statement that never waits does not wait for that either', () => {
  expect(admit(outage(), { ...applicant('w'), waitsOut: true, neverWaits: true }).kind).toBe('unavailable');
});

test('the wait ends after its time, with the reason of each backend and what it has waited', () => {
  const admission = outage();
  queue(admission, 'w', { outage: true });
  admission.now += 4_999;
  expire(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  admission.now += 1;
  expire(admission);
  expect(admission.state.waiter('w')).toMatchObject({
    endedBy: 'NO_NODES_AVAILABLE',
    endedMessage:
      'No cluster is available for this query: group g has no available backend (b: it is not healthy); it has waited for one for 5 s',
  });
});

test('a backend that is back in time gets it', () => {
  const admission = outage();
  queue(admission, 'w', { outage: true });
  seen(admission, 'w', 5_000);
  admission.now += 3_000;
  away.length = 0;
  offerSlots(admission);
  expect(admission.state.waiter('w')?.claim?.backendId).toBe('b');
});

test('a backend that comes back takes one waiter, and the others once a cluster has accepted that', () => {
  const admission = outage();
  for (const id of ['v', 'w']) {
    queue(admission, id, { outage: true });
    seen(admission, id, 5_000);
  }
  away.length = 0;
  let isHalfOpen = true;
  admission.limits = { ...admission.limits, isHalfOpen: () => isHalfOpen };
  offerSlots(admission);
  expect([phase(admission, 'v'), phase(admission, 'w')]).toEqual(['CLAIMED', 'QUEUED']);
  expect(admit(admission, { ...applicant('x'), waitsOut: true }).kind).toBe('wait');
  isHalfOpen = false;
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('one that fails it takes the next', () => {
  const admission = outage();
  queue(admission, 'v', { outage: true });
  seen(admission, 'v', 5_000);
  away.length = 0;
  admission.limits = { ...admission.limits, isHalfOpen: () => true };
  offerSlots(admission);
  release(admission, 'v', admission.state.waiter('v')?.claim?.id ?? '', 'failed');
  queue(admission, 'w', { outage: true });
  seen(admission, 'w', 5_000);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('when a backend is back and has no slot free, it waits on like others', () => {
  const admission = outage(1);
  away.length = 0;
  expect(admit(admission, applicant('runs')).kind).toBe('lease');
  away.push('b');
  queue(admission, 'w', { outage: true });
  away.length = 0;
  admission.now += 6_000;
  expire(admission);
  expect([phase(admission, 'w'), admission.state.waiter('w')?.outageUntil]).toEqual(['QUEUED', undefined]);
});

test('a backend that counts as available and fails every query does not keep it longer', () => {
  const admission = outage();
  away.length = 0;
  queue(admission, 'w', { outage: true });
  seen(admission, 'w', 10_000);
  for (let tries = 0; phase(admission, 'w') !== 'ENDED' && tries < 20; tries++) {
    offerSlots(admission);
    const { claim } = admission.state.waiter('w') ?? {};
    if (claim) release(admission, 'w', claim.id, 'failed');
    admission.now += ADMISSION_TIMES.pauseMs / 2;
    expire(admission);
  }
  expect(admission.state.waiter('w')).toMatchObject({ endedBy: 'NO_NODES_AVAILABLE', endedAt: 1_005_000 });
});

test('its wait is over at the earlier of its own limit and the end of the outage', () => {
  const limit = { until: 7, message: '' };
  expect([overAt({}), overAt({ limit }), overAt({ outageUntil: 5 }), overAt({ limit, outageUntil: 9 })]).toEqual([
    ...[undefined, 7, 5, 7],
  ]);
});
