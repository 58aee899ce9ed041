import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { activate, admit, handOut, settle } from '../src/admission/admission.ts';
import { expire } from '../src/admission/expiry.ts';
import { openLedger } from '../src/admission/ledger.ts';
import type { Limits } from '../src/admission/limits.ts';
import { enqueue, seen } from '../src/admission/queue.ts';
import { ADMISSION_TIMES } from '../src/admission/times.ts';
import { groupWithoutLimits } from './group-without-limits.ts';
import { sqliteMemory } from './storage-databases.ts';
import { withStore } from './storage-fixture.ts';

const NEVER_MS = 2_000_000_000;
const group = groupWithoutLimits(['b']);
const limits: Limits = {
  foreignOn: () => 0,
  maxOnBackend: () => 1,
  group: () => group,
  isAvailable: () => true,
  isKnown: () => true,
  choose: (_, [id = '']) => id,
};

test(
  'the gatewayserver is away for longer than a poll is held: whoever polls first afterwards overtakes all others',
  withStore(sqliteMemory, async ({ store }) => {
    let passedMs = 0;
    const open = () =>
      openLedger({
        store: {
          admissionChanges: (since) => store.admissionChanges(since),
          changeAdmission: (since, work) =>
            store.changeAdmission(since, (changes) => work({ ...changes, now: changes.now + passedMs })),
          pruneAdmission: async () => {},
        },
        limits,
        configuration: { configurationRevision: () => 0, refresh: async () => {} },
        logger: silentLogger,
        expireEveryMs: NEVER_MS,
        lookEveryMs: NEVER_MS,
      });
    const applicant = { groupId: 'g', user: '', failedBackendIds: [], avoidedBackendIds: [], neverWaits: false };
    const newcomer = { groupId: 'g', priority: 0, user: '', source: '', secretHash: '' };
    {
      await using before = open();
      await before.run((admission) => admit(admission, { ...applicant, submissionId: 'runs' }));
      await before.run((admission) => handOut(admission, 'runs', 'q'));
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
    // Its poll does not come back: then it is the next one's turn after all.
    passedMs += ADMISSION_TIMES.pickUpMs + ADMISSION_TIMES.resumeMs;
    await after.run((admission) => {
      seen(admission, 'second', 5_000);
      expire(admission);
    });
    expect(phases()).toEqual(['QUEUED', 'CLAIMED']);
  }),
);
