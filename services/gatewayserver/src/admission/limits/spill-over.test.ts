import { describe, expect, test } from '@jest/globals';
import { applicant } from '../../../tests/admission/support/arrivals.ts';
import { queue } from '../../../tests/admission/support/pure-admission.ts';
import { twoGroups } from '../../../tests/admission/support/spill-over-world.ts';
import type { Admission } from '../rules/admission.ts';
import { type Applicant, admit } from '../rules/admit.ts';
import { expire } from '../rules/expiry.ts';
import { offerSlots } from '../rules/offer-slots.ts';
import { release } from '../rules/queue.ts';
import { whyWaits } from '../rules/why-waits.ts';
import { nextSpillOver } from './spill-over.ts';

const ask = (admission: Admission, id: string, more: Partial<Applicant> = {}) => {
  const answer = admit(admission, applicant(id, { groupId: 'a', ...more }));
  return answer.kind === 'lease' ? `${answer.lease.groupId} ${answer.lease.backendId}` : answer.kind;
};
/** Where a waiter was offered a slot: the group and the backend of its lease. */
const offered = ({ state }: Admission, id: string) => {
  const { claim, submissionId = '' } = state.waiter(id) ?? {};
  return claim && `${state.lease(submissionId)?.groupId} ${claim.backendId}`;
};
const why = ({ state, limits, now }: Admission, id: string) => {
  const waiter = state.waiter(id);
  return waiter && whyWaits(state, limits, waiter, now);
};
/** Both groups are full. */
const full = (given: Parameters<typeof twoGroups>[0] = {}) => {
  const admission = twoGroups(given);
  ask(admission, 's1');
  ask(admission, 's2', { groupId: 'b' });
  return admission;
};

describe('a statement that asks for a slot', () => {
  test.each([
    ['spills over at once', { afterMs: 0 }, {}, 'b b1'],
    ['waits first', { afterMs: 1_000 }, {}, 'wait'],
    ['stays when it is strict', { afterMs: 0 }, { strict: true }, 'wait'],
    [
      'stays where its user may not use the other',
      { afterMs: 0, whyNotAllowed: (id: string) => (id === 'b' ? 'no' : undefined) },
      {},
      'wait',
    ],
    ['stays while its user has as many as they may', { afterMs: 0, a: { maxRunningOfUser: 1 } }, {}, 'wait'],
    ['stays when the other is disabled', { afterMs: 0, b: { isDisabled: true } }, {}, 'wait'],
    ['stays when the other is not there', { a: { spillOver: { groupId: 'c', afterMs: 0 } } }, {}, 'wait'],
  ] as [string, Parameters<typeof twoGroups>[0], Partial<Applicant>, string][])(
    'of a full group %s',
    (_what, given, more, expected) => {
      const admission = twoGroups(given);
      expect(ask(admission, 's1')).toBe('a a1');
      expect(ask(admission, 's2', more)).toBe(expected);
      expect(ask(admission, 's2', more)).toBe(expected);
    },
  );

  test.each([
    ['goes on at once, since nothing waits there', {}, 'b b1'],
    ['waits first where its group lets queries wait', { a: { queuesWhenUnavailable: true } }, 'wait'],
    ['goes on at once where that is what the group says', { a: { queuesWhenUnavailable: true }, afterMs: 0 }, 'b b1'],
  ] as [string, Parameters<typeof twoGroups>[0], string][])('of an unavailable group %s', (_what, given, expected) => {
    expect(ask(twoGroups({ ...given, away: ['a1'] }), 's1')).toBe(expected);
  });

  test('waits when both groups are full, and is refused when neither is available', () => {
    expect(ask(full({ afterMs: 0 }), 's3')).toBe('wait');
    expect(ask(full({ away: ['a1'] }), 's3')).toBe('wait');
    expect(ask(twoGroups({ away: ['a1', 'b1'] }), 's3')).toBe('unavailable');
    expect(ask(twoGroups({ away: ['a1', 'b1'] }), 's3', { neverWaits: true })).toBe('unavailable');
    expect(ask(twoGroups({ away: ['a1'] }), 's3', { neverWaits: true })).toBe('b b1');
  });

  test('goes one step and no further', () => {
    const admission = full({ b: { spillOver: { groupId: 'a', afterMs: 0 } }, afterMs: 0 });
    expect(ask(admission, 's3', { groupId: 'b' })).toBe('wait');
    admission.state.deleteLease('s1');
    expect(ask(admission, 's4', { groupId: 'b' })).toBe('a a1');
  });
});

describe('a waiter', () => {
  test('is offered a slot of the other group once it has waited for long enough', () => {
    const admission = full();
    queue(admission, 'w', { groupId: 'a' });
    admission.state.deleteLease('s2');
    offerSlots(admission);
    expect(offered(admission, 'w')).toBeUndefined();
    expect(nextSpillOver(admission.state, admission.limits, admission.now, () => true)).toBe(admission.now + 1_000);
    expect(nextSpillOver(admission.state, admission.limits, admission.now, () => false)).toBeUndefined();
    admission.now += 1_000;
    offerSlots(admission);
    expect(offered(admission, 'w')).toBe('b b1');
    expect(admission.state.waiter('w')).toMatchObject({ groupId: 'a', claim: { groupId: 'b' } });
  });

  test('takes a slot of its own group where there is one', () => {
    const admission = full();
    queue(admission, 'w', { groupId: 'a' });
    admission.now += 1_000;
    for (const id of ['s1', 's2']) admission.state.deleteLease(id);
    offerSlots(admission);
    expect(offered(admission, 'w')).toBe('a a1');
  });

  test.each([
    ['arrived first', { a: 0, b: 0 }, ['wa', 'wb']],
    ['has the higher priority', { a: 1, b: 5 }, ['wb', 'wa']],
  ])('of both groups that one is next which %s', (_what, priority, order) => {
    const admission = full();
    queue(admission, 'wa', { groupId: 'a', priority: priority.a });
    queue(admission, 'wb', { groupId: 'b', priority: priority.b });
    admission.now += 1_000;
    const starts: string[] = [];
    for (let held = 's2'; starts.length < 2; ) {
      admission.state.deleteLease(held);
      offerSlots(admission);
      const next = ['wa', 'wb'].find((id) => offered(admission, id) && !starts.includes(id)) ?? '';
      starts.push(next);
      held = `s${next}`;
      if (starts.length < 2) admission.state.deleteWaiter(next);
    }
    expect(starts).toEqual(order);
  });

  test('with fair share of the other group comes behind a user with fewer queries there', () => {
    const admission = full({ b: { fairShare: true }, maxOnBackend: (id) => (id === 'b1' ? 2 : 1) });
    queue(admission, 'mine', { groupId: 'a', user: 'ann' });
    queue(admission, 'theirs', { groupId: 'b', user: 'bob' });
    admission.now += 1_000;
    offerSlots(admission);
    expect([offered(admission, 'mine'), offered(admission, 'theirs')]).toEqual([undefined, 'b b1']);
  });

  test('keeps place and age when its slot is not taken, and is asked for at all backends of both groups', () => {
    const admission = full();
    queue(admission, 'w', { groupId: 'a' });
    const before = admission.state.waiter('w');
    admission.now += 1_000;
    admission.state.deleteLease('s2');
    offerSlots(admission);
    release(admission, 'w', admission.state.waiter('w')?.claim?.id ?? '', 'failed');
    const { place, queuedAt, groupId, failedBackendIds, claim } = admission.state.waiter('w') ?? {};
    expect({ place, queuedAt, groupId, failedBackendIds, claim }).toEqual({
      place: before?.place,
      queuedAt: before?.queuedAt,
      groupId: 'a',
      failedBackendIds: ['b1'],
      claim: undefined,
    });
  });

  test('of a held group starts nowhere', () => {
    const admission = full();
    queue(admission, 'w', { groupId: 'a' });
    admission.state.setHeld('a', true);
    admission.now += 5_000;
    admission.state.deleteLease('s2');
    offerSlots(admission);
    expect(offered(admission, 'w')).toBeUndefined();
  });

  test('is told where it goes on to, and when', () => {
    const admission = full({ afterMs: 5_000 });
    queue(admission, 'w', { groupId: 'a' });
    queue(admission, 'strict', { groupId: 'a', strict: true });
    expect(why(admission, 'w')).toBe('all slots of group a are taken; it spills over to group b after 5 s');
    expect(why(admission, 'strict')).toBe('all slots of group a are taken');
    admission.now += 5_000;
    expect(why(admission, 'w')).toBe(
      'all slots of group a are taken; group b, to which it spills over, has no slot either',
    );
  });

  test('whose user may not use its group any more is passed over, and refused with that reason', () => {
    const admission = full();
    queue(admission, 'w', { groupId: 'a' });
    queue(admission, 'x', { groupId: 'a', user: 'svc', asker: { user: 'bob', source: '' } });
    const whyNotAllowed = (groupId: string, { user }: { user: string }) =>
      groupId === 'a' && user === 'ann' ? 'group a: user ann may not use it' : undefined;
    admission.limits = { ...admission.limits, whyNotAllowed };
    admission.state.deleteLease('s1');
    offerSlots(admission);
    expect([offered(admission, 'w'), offered(admission, 'x')]).toEqual([undefined, 'a a1']);
    expire(admission);
    expect(admission.state.waiter('w')).toMatchObject({
      phase: 'ENDED',
      endedBy: 'QUERY_REJECTED',
      endedMessage: 'group a: user ann may not use it',
    });
  });
});
