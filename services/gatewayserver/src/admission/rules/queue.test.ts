import { expect, test } from '@jest/globals';
import { admissionOf, phase, queue, runs } from '../../../tests/admission/support/pure-admission.ts';
import { endedMessage } from './ended-message.ts';
import { offerSlots } from './offer-slots.ts';
import { assign, end, moveToFront, release, seen } from './queue.ts';
import { ADMISSION_TIMES } from './times.ts';

test('a waiter that every backend has refused pauses before the next offer', () => {
  const admission = admissionOf({ backendIds: ['a', 'b'] });
  queue(admission, 'w');
  const refused: (string | undefined)[] = [];
  for (let round = 0; round < 2; round++) {
    offerSlots(admission);
    const claim = admission.state.waiter('w')?.claim;
    refused.push(claim?.backendId);
    expect(release(admission, 'w', claim?.id ?? '', 'failed')).toBe(true);
  }
  expect(refused).toEqual(['a', 'b']);
  seen(admission, 'w', 5_000);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  admission.now += ADMISSION_TIMES.pauseMs;
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test('a waiter that only one backend may take is offered no other one, whatever failed before', () => {
  const admission = admissionOf({ backendIds: ['a', 'b'] });
  queue(admission, 'w');
  const waiter = admission.state.waiter('w');
  if (!waiter) throw new Error('it waits');
  admission.state.putWaiter({ ...waiter, onlyBackendId: 'b' });
  for (let round = 0; round < 3; round++) {
    offerSlots(admission);
    const claim = admission.state.waiter('w')?.claim;
    expect(claim?.backendId).toBe('b');
    release(admission, 'w', claim?.id ?? '', 'failed');
    offerSlots(admission);
    expect(phase(admission, 'w')).toBe('QUEUED');
    admission.now += ADMISSION_TIMES.pauseMs;
    seen(admission, 'w', 5_000);
  }
});

test('a waiter with refused credentials keeps its place: the next poll brings newer ones', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  offerSlots(admission);
  release(admission, 'w', 'c0', 'unauthenticated');
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('QUEUED');
  seen(admission, 'w', 1_000);
  offerSlots(admission);
  expect(phase(admission, 'w')).toBe('CLAIMED');
});

test.each([
  ['ABANDONED_QUERY', /abandoned by the client.* refused its credentials$/],
  ['USER_CANCELED', /^Query was canceled$/],
])(
  'the end of a waiter whose credentials were refused says so where nothing else is the reason: %s',
  (name, message) => {
    const admission = admissionOf();
    queue(admission, 'w');
    offerSlots(admission);
    release(admission, 'w', 'c0', 'unauthenticated');
    end(admission, 'w', name);
    const waiter = admission.state.waiter('w');
    expect(waiter && endedMessage(waiter)).toMatch(message);
  },
);

test('an answer is accepted for its own claim alone, and again when it is repeated', () => {
  const admission = admissionOf();
  queue(admission, 'w');
  offerSlots(admission);
  expect(assign(admission, 'w', 'another', 'q1')).toBe(false);
  expect(assign(admission, 'w', 'c0', 'q1')).toBe(true);
  expect(assign(admission, 'w', 'c0', 'q1')).toBe(true);
  expect(assign(admission, 'w', 'c0', 'q2')).toBe(false);
  expect(assign(admission, 'w', 'another', 'q1')).toBe(false);
});

test('a queue bounds its length and each user, and names the limit that was met', () => {
  const admission = admissionOf({ maxQueued: 3, maxQueuedOfUser: 2 });
  for (const id of ['1', '2']) expect(queue(admission, id).kind).toBe('waits');
  expect(queue(admission, '3')).toMatchObject({ kind: 'full', message: expect.stringContaining('of this user') });
  expect(queue(admission, '4', { user: 'bob' }).kind).toBe('waits');
  expect(queue(admission, '5', { user: 'cid' })).toMatchObject({ message: expect.stringContaining('at most 3') });
  expect(queue(admission, '1').kind).toBe('waits');
});

test.each([false, true])(
  'a waiter that is moved to the front is next, with and without fair share (%p)',
  (fairShare) => {
    const admission = admissionOf({ fairShare, max: 2 });
    runs(admission, '1');
    for (const [id, user] of [
      ['w1', 'bob'],
      ['w2', 'ann'],
    ] as const)
      queue(admission, id, { user });
    expect(moveToFront(admission, 'w2')).toBeDefined();
    expect(moveToFront(admission, 'nobody')).toBeUndefined();
    offerSlots(admission);
    expect([phase(admission, 'w1'), phase(admission, 'w2')]).toEqual(['QUEUED', 'CLAIMED']);
  },
);
