import { expect, test } from '@jest/globals';
import { admissionOf, queue, runs } from '../../../tests/admission/support/pure-admission.ts';
import { settle } from '../rules/lease-phases.ts';
import { offerSlots } from '../rules/offer-slots.ts';

test('the changes of a failed attempt are undone completely', () => {
  const admission = admissionOf({ max: 2 });
  runs(admission, '1');
  queue(admission, 'w');
  admission.state.journal.clear();
  const view = () => ({
    leases: [...admission.state.leases()],
    waiters: [...admission.state.waiters()],
    queue: [...admission.state.queue('g')],
    counts: [admission.state.onBackend('b'), admission.state.ofUser('g', 'ann'), admission.state.loads.ofGroup('g')],
    held: admission.state.isHeld('g'),
  });
  const before = view();
  offerSlots(admission);
  settle(admission, ['q1']);
  queue(admission, 'x');
  admission.state.setHeld('g', true);
  admission.state.deleteWaiter('w');
  expect(view()).not.toEqual(before);
  admission.state.undo();
  expect(view()).toEqual(before);
});
