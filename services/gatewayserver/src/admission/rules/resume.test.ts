import { expect, test } from '@jest/globals';
import { admissionOf, queue } from '../../../tests/admission/support/pure-admission.ts';
import { leave, seen } from './queue.ts';
import { resume } from './resume.ts';
import { ADMISSION_TIMES } from './times.ts';

const { storedPresenceMs, mostPresentMs, resumeMs } = ADMISSION_TIMES;
const HOLD_MS = 1_000;

test('after an outage, waiters present before it count as present, and absent ones stay absent', () => {
  const admission = admissionOf({ groups: [] });
  const poll = (id: string, rhythmMs = 0) => {
    queue(admission, id);
    seen(admission, id, HOLD_MS, rhythmMs);
  };
  const presentFor = (id: string) => (admission.state.waiter(id)?.presentUntil ?? 0) - admission.now;
  poll('silent for long');
  admission.now += storedPresenceMs + 1;
  poll('polling');
  poll('polling slowly', 5_000);
  poll('hung up');
  leave(admission, 'hung up');
  admission.now += HOLD_MS;
  poll('last heard');
  admission.now += 60_000;
  resume(admission);
  expect(presentFor('silent for long')).toBeLessThan(0);
  expect(presentFor('hung up')).toBeLessThan(0);
  expect(presentFor('polling')).toBe(resumeMs);
  expect(presentFor('polling slowly')).toBe(mostPresentMs);
  expect(presentFor('last heard')).toBe(resumeMs);
});
