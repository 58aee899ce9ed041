import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { openLedger } from '../../src/admission/ledger/ledger.ts';
import { admit } from '../../src/admission/rules/admit.ts';
import { expire } from '../../src/admission/rules/expiry.ts';
import { activate, confirmLease, settle } from '../../src/admission/rules/lease-phases.ts';
import { assign, enqueue, seen } from '../../src/admission/rules/queue.ts';
import { ADMISSION_TIMES } from '../../src/admission/rules/times.ts';
import { sqliteMemory } from '../support/databases.ts';
import { until } from '../support/gatewayserver-fixture.ts';
import { withStore } from '../support/with-store.ts';
import { groupWithoutLimits } from './support/group-without-limits.ts';
import { limitsOf } from './support/limits-of.ts';

const NEVER_MS = 2_000_000_000;
const group = groupWithoutLimits(['b']);
const limits = limitsOf({ maxOnBackend: () => 1, group: () => group });
const applicant = {
  groupId: 'g',
  user: '',
  source: '',
  failedBackendIds: [],
  avoidedBackendIds: [],
  neverWaits: false,
};
const newcomer = { groupId: 'g', priority: 0, user: '', source: '', secretHash: '' };

test(
  'after an outage longer than a long poll, arrival decides, not who polls first',
  withStore(sqliteMemory, async ({ store }) => {
    let passedMs = 0;
    const open = () =>
      openLedger({
        store: {
          changes: (since) => store.admission.changes(since),
          change: (since, work) =>
            store.admission.change(since, (changes) => work({ ...changes, now: changes.now + passedMs })),
          prune: async () => {},
        },
        limits,
        configuration: { configurationRevision: () => 0, refresh: async () => {} },
        logger: silentLogger,
        timings: { expireEveryMs: NEVER_MS, refreshEveryMs: NEVER_MS },
      });
    {
      await using before = open();
      await before.run((admission) => admit(admission, { ...applicant, submissionId: 'runs' }));
      await before.run((admission) => confirmLease(admission, 'runs', 'q'));
      await before.run((admission) => activate(admission, { queryId: 'q', backendId: 'b', neverWaits: false }));
      for (const id of ['first', 'second']) {
        await before.run((admission) => enqueue(admission, { ...newcomer, id, submissionId: id }));
        await before.run((admission) => seen(admission, id, 5_000));
      }
    }
    passedMs = 60_000;
    await using after = open();
    await after.run((admission) => {
      seen(admission, 'second', 5_000);
      settle(admission, ['q']);
    });
    const phases = () => ['first', 'second'].map((id) => after.state().waiter(id)?.phase);
    expect(phases()).toEqual(['CLAIMED', 'QUEUED']);
    // Its poll does not come back: then the next one is offered the slot after all.
    passedMs += ADMISSION_TIMES.mostPresentMs;
    await after.run((admission) => {
      seen(admission, 'second', 5_000);
      expire(admission);
    });
    expect(phases()).toEqual(['QUEUED', 'CLAIMED']);
  }),
);

test(
  'with ten thousand waiters at two replicas, a freed slot wakes the next waiter alone',
  withStore(sqliteMemory, async ({ store }) => {
    const open = () =>
      openLedger({
        store: store.admission,
        limits,
        configuration: { configurationRevision: () => 0, refresh: async () => {} },
        logger: silentLogger,
        timings: { expireEveryMs: NEVER_MS },
      });
    await using one = open();
    await using other = open();
    const ids = Array.from({ length: 10_000 }, (_, at) => `w${at}`);
    await one.run((admission) => {
      admit(admission, { ...applicant, submissionId: 'runs' });
      confirmLease(admission, 'runs', 'q');
      activate(admission, { queryId: 'q', backendId: 'b', neverWaits: false });
      for (const id of ids) {
        enqueue(admission, { ...newcomer, id, submissionId: id });
        seen(admission, id, 600_000);
      }
    });
    await other.run(() => {});
    const woken: string[] = [];
    for (const [at, id] of ids.entries()) (at % 2 === 0 ? one : other).listen(id, () => woken.push(id));
    let runs = 'q';
    for (const id of ids.slice(0, 5)) {
      await one.run((admission) => settle(admission, [runs]));
      await until(
        async () => woken.length,
        (count) => count > 0,
      );
      await one.run(({ state }) => expect(state.waiter(id)?.phase).toBe('CLAIMED'));
      expect(woken.splice(0)).toEqual([id]);
      runs = `of ${id}`;
      await one.run((admission) => {
        assign(admission, id, admission.state.waiter(id)?.claim?.id ?? '', runs);
        activate(admission, { queryId: runs, backendId: 'b', neverWaits: false });
      });
      // Its own poll has its answer by now.
      await until(
        async () => other.state().waiter(id)?.phase,
        (phase) => phase === 'HANDED_OVER',
      );
      expect(new Set(woken.splice(0))).toEqual(new Set([id]));
    }
  }),
);
