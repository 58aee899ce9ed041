import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { attend } from '../../src/admission/attend.ts';
import { awaitOffer } from '../../src/admission/await-offer.ts';
import { type Ledger, openLedger } from '../../src/admission/ledger/ledger.ts';
import { admit } from '../../src/admission/rules/admit.ts';
import { activate, confirmLease, settle } from '../../src/admission/rules/lease-phases.ts';
import { enqueue, leave } from '../../src/admission/rules/queue.ts';
import { ADMISSION_TIMES } from '../../src/admission/rules/times.ts';
import type { AdmissionStore } from '../../src/storage/contract/admission.ts';
import { sqliteMemory } from '../support/databases.ts';
import { until } from '../support/gatewayserver-fixture.ts';
import { withStore } from '../support/with-store.ts';
import { applicant, newcomer } from './support/arrivals.ts';
import { groupWithoutLimits } from './support/group-without-limits.ts';
import { limitsOf } from './support/limits-of.ts';

// Who counts as present between polls, with times of a tenth: the clients of these tests pause for as long as real ones would.

const times = {
  ...ADMISSION_TIMES,
  pickUpMs: 50,
  presentMs: 150,
  mostPresentMs: 1_500,
  storedPresenceMs: 2_500,
  pauseMs: 100,
};
const never = new AbortController().signal;

/** A replica in front of a group with one slot, which is taken; and what it has written. */
function open(store: AdmissionStore) {
  const group = groupWithoutLimits(['b']);
  const writes: string[] = [];
  const ledger = openLedger({
    store: {
      changes: (since) => store.changes(since),
      change: (since, work) =>
        store.change(since, (changes) => {
          const answer = work(changes);
          writes.push(...answer.entries.flatMap(({ kind, id }) => (kind === 'waiter' ? [id] : [])));
          return answer;
        }),
      prune: async () => {},
    },
    limits: limitsOf({ maxOnBackend: () => 1, group: () => group }),
    configuration: { configurationRevision: () => 0, refresh: async () => {} },
    logger: silentLogger,
    times,
  });
  const poll = (id: string, waitMs = 100) => awaitOffer(ledger, id, { waitMs, gone: never, stopping: never });
  /** Its client polls on at a router; until it is given up. */
  const attended = (...ids: string[]) => {
    const gone = new AbortController();
    const answer = attend(ledger, ids, { waitMs: 60_000, gone: gone.signal, stopping: never });
    return { answer, giveUp: () => gone.abort() };
  };
  const queue = async (id: string) => {
    const answer = await ledger.run((admission) => enqueue(admission, newcomer(id)));
    if (answer.kind === 'waits') ledger.presence.queued(answer.waiter);
  };
  const isPresent = (id: string) => (ledger.state().waiter(id)?.presentUntil ?? 0) > ledger.now();
  return { ledger, writes, poll, attended, queue, isPresent };
}

async function take(ledger: Ledger): Promise<void> {
  await ledger.run((admission) => {
    admit(admission, applicant('runs'));
    confirmLease(admission, 'runs', 'q');
    activate(admission, { queryId: 'q', backendId: 'b', neverWaits: false });
  });
}

const free = (ledger: Ledger) => ledger.run((admission) => settle(admission, ['q']));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test(
  'a client that pauses between polls is present in its pauses, once they are known, and is served in its turn',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, poll, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    await queue('slow');
    await queue('quick');
    const quick = (async () => {
      for (;;) {
        const waiter = await poll('quick');
        if (waiter?.phase !== 'QUEUED') return waiter?.phase;
      }
    })();
    const presence: boolean[] = [];
    for (let polls = 0; polls < 4; polls++) {
      await poll('slow');
      await pause(500);
      presence.push(isPresent('slow'));
    }
    expect(presence).toEqual([true, true, true, true]);
    expect(ledger.state().waiter('slow')?.rhythmMs).toBeGreaterThanOrEqual(490);
    expect(ledger.state().waiter('quick')?.rhythmMs).toBeLessThan(490);
    // The slot is freed in a pause: it is kept for the next poll.
    await free(ledger);
    expect(['slow', 'quick'].map((id) => ledger.state().waiter(id)?.phase)).toEqual(['CLAIMED', 'QUEUED']);
    expect((await poll('slow'))?.phase).toBe('CLAIMED');
    await ledger.run(({ state }) => {
      state.deleteLease(newcomer('slow').submissionId);
      state.deleteWaiter('slow');
    });
    expect(await quick).toBe('CLAIMED');
  }),
);

test(
  'a client that has gone delays the next by its own rhythm, and one whose rhythm is not known by no more than the bound',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, poll, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    await queue('new');
    await queue('quick');
    for (let polls = 0; polls < 4; polls++) await poll('quick');
    const began = performance.now();
    await until(
      async () => isPresent('quick'),
      (is) => !is,
    );
    const quickMs = performance.now() - began;
    expect(isPresent('new')).toBe(true);
    await until(
      async () => isPresent('new'),
      (is) => !is,
    );
    expect(quickMs).toBeGreaterThan(times.presentMs / 2);
    expect(quickMs).toBeLessThan(performance.now() - began);
    expect(ledger.state().waiter('new')?.phase).toBe('QUEUED');
  }),
);

test(
  'polls of a present client write nothing, but once in a while for all of them together',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, writes, poll, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await queue(id);
    for (const id of ids) await poll(id, 20);
    writes.length = 0;
    const began = performance.now();
    let polls = 0;
    while (performance.now() - began < 2 * times.storedPresenceMs) {
      await Promise.all(ids.map((id) => poll(id, 20)));
      polls += ids.length;
      expect(ids.map(isPresent)).toEqual([true, true, true]);
    }
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThan(polls / 10);
  }),
);

test(
  'of two replicas the one that was polled last says that a client has gone',
  withStore(sqliteMemory, async ({ store }) => {
    const [one, other] = [open(store.admission), open(store.admission)];
    await using _ = one.ledger;
    await using __ = other.ledger;
    await take(one.ledger);
    await one.queue('w');
    for (let polls = 0; polls < 3; polls++) await one.poll('w');
    // From now on its polls go to the other one.
    const isPresent: boolean[] = [];
    for (let polls = 0; polls < 6; polls++) {
      await other.poll('w');
      await one.ledger.refresh();
      isPresent.push(one.isPresent('w'));
    }
    expect(isPresent).toEqual(Array(6).fill(true));
    await until(
      async () => one.ledger.refresh().then(() => one.isPresent('w')),
      (is) => !is,
    );
  }),
);

test(
  'a client that hangs up is absent at once, and present again with its next poll',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, poll, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    await queue('w');
    const held = poll('w', 400);
    ledger.presence.left('w');
    await ledger.run((admission) => leave(admission, 'w'));
    await held;
    expect(isPresent('w')).toBe(false);
    const next = poll('w', 400);
    await until(async () => isPresent('w'), Boolean);
    await next;
  }),
);

test(
  'a client that polls on at a router is present without polls here, and gone in its rhythm when the router gives it up',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, writes, poll, attended, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    await queue('w');
    for (let polls = 0; polls < 3; polls++) await poll('w', 20);
    writes.length = 0;
    const router = attended('w');
    const began = performance.now();
    while (performance.now() - began < 1.5 * times.storedPresenceMs) {
      expect(isPresent('w')).toBe(true);
      await pause(50);
    }
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThan(10);
    router.giveUp();
    const givenUp = performance.now();
    expect(await router.answer).toEqual([]);
    expect(ledger.state().waiter('w')?.phase).toBe('QUEUED');
    await until(
      async () => isPresent('w'),
      (is) => !is,
    );
    expect(performance.now() - givenUp).toBeGreaterThan(times.presentMs / 2);
  }),
);

test.each(['polls', 'stays away', 'hangs up'])(
  'a slot that is offered to it is kept for its poll, and is the next one’s when that does not come: its client %s',
  (how) =>
    withStore(sqliteMemory, async ({ store }) => {
      const { ledger, poll, attended, queue } = open(store.admission);
      await using _ = ledger;
      const claim = () => ledger.state().waiter('first')?.claim;
      await take(ledger);
      for (const id of ['first', 'next']) {
        await queue(id);
        for (let polls = 0; polls < 3; polls++) await poll(id, 10);
      }
      const [first, next] = [attended('first'), attended('next')];
      await free(ledger);
      expect(await first.answer).toEqual(['first']);
      expect(claim()?.pickedUp).toBe(false);
      if (how === 'polls') {
        expect((await poll('first'))?.phase).toBe('CLAIMED');
        await until(async () => claim()?.pickedUp, Boolean);
        next.giveUp();
        return;
      }
      if (how === 'hangs up') {
        ledger.presence.left('first');
        await ledger.run((admission) => leave(admission, 'first'));
      }
      expect(await next.answer).toEqual(['next']);
      expect(ledger.state().waiter('next')?.phase).toBe('CLAIMED');
      expect(claim()).toBeUndefined();
    })(),
);

test(
  'one call says of many clients that they are there, and ends with the names of those whose turn it is',
  withStore(sqliteMemory, async ({ store }) => {
    const { ledger, writes, poll, attended, queue, isPresent } = open(store.admission);
    await using _ = ledger;
    await take(ledger);
    for (const id of ['first', 'next', 'last']) {
      await queue(id);
      for (let polls = 0; polls < 3; polls++) await poll(id, 10);
    }
    writes.length = 0;
    const router = attended('first', 'next', 'last');
    const began = performance.now();
    while (performance.now() - began < 1.5 * times.storedPresenceMs) {
      expect(['first', 'next', 'last'].map(isPresent)).toEqual([true, true, true]);
      await pause(50);
    }
    expect(writes.length).toBeLessThan(10);
    await free(ledger);
    expect(await router.answer).toEqual(['first']);
    expect(await attended('next', 'unknown').answer).toEqual(['unknown']);
  }),
);
