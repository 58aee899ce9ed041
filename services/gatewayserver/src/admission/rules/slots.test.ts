import { expect, test } from '@jest/globals';
import { admissionOf, queue } from '../../../tests/admission/support/pure-admission.ts';
import type { Admission } from './admission.ts';
import { offerSlots } from './offer-slots.ts';

/** Who starts, one after the other, when slots are added and nobody ends. */
function startsOf(admission: Admission, most: number): string[] {
  const started: string[] = [];
  for (let max = 1; max <= most; max++) {
    admission.limits = { ...admission.limits, maxOnBackend: () => max };
    offerSlots(admission);
    for (const { id, phase } of admission.state.waiters())
      if (phase === 'CLAIMED' && !started.includes(id)) started.push(id);
  }
  return started;
}

test.each([
  // Priority and user in the order of arrival; who starts, one after the other
  { fairShare: false, arrivals: ['0 ann', '5 bob', '0 cid', '5 ann'], starts: [1, 3, 0, 2] },
  { fairShare: true, arrivals: ['0 ann', '0 ann', '0 ann', '0 bob'], starts: [0, 3, 1, 2] },
  { fairShare: false, arrivals: ['0 ann', '0 ann', '0 ann', '0 bob'], starts: [0, 1, 2, 3] },
  { fairShare: true, arrivals: ['0 ann', '0 bob', '1 ann', '1 ann'], starts: [2, 3, 1, 0] },
])(
  'waiters start by priority, then fair share ($fairShare), then arrival: $starts',
  ({ fairShare, arrivals, starts }) => {
    const admission = admissionOf({ fairShare, max: 1 });
    for (const [at, arrival] of arrivals.entries()) {
      const [priority, user = ''] = arrival.split(' ');
      queue(admission, `w${at}`, { user, priority: Number(priority) });
    }
    expect(startsOf(admission, arrivals.length)).toEqual(starts.map((at) => `w${at}`));
  },
);

test('a slot of a backend that two groups share is offered to the next waiter of both', () => {
  const admission = admissionOf({ groups: ['g', 'h'], max: 1 });
  queue(admission, 'w1');
  queue(admission, 'w2', { groupId: 'h', priority: 1 });
  queue(admission, 'w3', { groupId: 'h' });
  expect(startsOf(admission, 3)).toEqual(['w2', 'w1', 'w3']);
});
